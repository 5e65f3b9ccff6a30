import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, layer } from "@effect/vitest"
import { isAlive } from "@quartet/hosting/ProcessTable"
import { Effect, Fiber, Ref } from "effect"
import * as Customer from "quartet/demo/Customer"
import { seeded } from "../support/Chance.ts"
import { changedAnswers, crowd, newDiary } from "../support/Crowd.ts"
import * as Process from "../support/Process.ts"
import * as Quartet from "../support/Quartet.ts"
import { becomes, brokenAtRest, misbehave, newCustomer, newProduct, pay, until } from "../support/Shop.ts"

const inTenSeconds = (running: Process.Running) =>
  running.ended.pipe(Effect.timeoutFail({
    duration: "10 seconds",
    onTimeout: () => new Process.NotAsExpected({ what: "It did not stop.", stderr: running.stderr() })
  }))

layer(Quartet.layer(), { excludeTestServices: true, timeout: 120_000 })("a process that is told to stop", (it) => {
  it.effect(
    "answers whatever it has accepted, ends within ten seconds and loses nothing (H164)",
    () =>
      seeded(Effect.gen(function*() {
        const quartet = yield* Quartet.Quartet
        const customer = yield* newCustomer
        const sku = yield* newProduct(1000)
        const waiting = yield* Effect.all(Array.from({ length: 4 }, () => Customer.place(customer, sku, 1)))
        const diary = newDiary()
        const goesOn = yield* Ref.make(true)
        const orders = yield* Effect.fork(crowd(diary, sku, 4, Ref.get(goesOn)))
        yield* misbehave("faults", {
          match: { method: "POST", path: "/v1/payment_intents" },
          fault: "hang",
          delayMs: 20_000,
          times: 1000
        })
        // These four are accepted and would be answered in fifteen seconds.
        const answers = yield* Effect.fork(
          Effect.forEach(waiting, (order) => pay(customer, order), { concurrency: "unbounded" })
        )
        yield* Effect.forEach(waiting, (order) => becomes(customer, order, "PaymentPending"))
        yield* until(Effect.sync(() => diary.deeds.length), (deeds) => deeds >= 4)

        const running = yield* quartet.running
        yield* running.tell("SIGTERM")
        const ending = yield* inTenSeconds(running)
        assert.deepStrictEqual((yield* Fiber.join(answers)).map(({ status }) => status), [202, 202, 202, 202])
        assert.deepStrictEqual(ending, { code: 0, signal: null }, running.stderr())
        assert.strictEqual(yield* quartet.postmaster, 0)

        yield* quartet.start
        yield* Ref.set(goesOn, false)
        yield* Fiber.join(orders)
        yield* Effect.forEach(waiting, (order) => becomes(customer, order, "Shipped"))
        assert.deepStrictEqual(diary.shocking, [])
        assert.deepStrictEqual(yield* changedAnswers(diary), [])
        assert.deepStrictEqual(yield* brokenAtRest(), [])
      })),
    { timeout: 90_000 }
  )

  it.effect("leaves no process behind on Ctrl-C (H164)", () =>
    Effect.gen(function*() {
      const quartet = yield* Quartet.Quartet
      const running = yield* quartet.running
      const server = yield* quartet.postmaster
      assert.isAbove(server, 0)
      assert.isAbove((yield* Process.livingOf(running.pid)).length, 0)
      yield* running.tellGroup("SIGINT")
      assert.strictEqual((yield* inTenSeconds(running)).signal, null)
      assert.deepStrictEqual(yield* Process.livingOf(running.pid), [], "a process of its group lives on")
      assert.strictEqual(yield* quartet.postmaster, 0)
      assert.isFalse(yield* isAlive(server))
    }).pipe(Effect.provide(NodeFileSystem.layer)))
})
