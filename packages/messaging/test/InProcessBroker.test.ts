import { assert, layer } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Queue, Scope } from "effect"
import type { Disposition } from "../src/Broker.ts"
import { Broker } from "../src/Broker.ts"
import * as InProcessBroker from "../src/InProcessBroker.ts"
import { messageId } from "./support/Counter.ts"

const broker = InProcessBroker.layer([
  { consumer: "one", types: ["a.v1", "b.v1"] },
  { consumer: "two", types: ["b.v1"] }
])
const publication = (type: string, subject = "s", body: string = type) => ({ id: messageId(), type, subject, body })
const acknowledge: Disposition = { _tag: "Acknowledge" }
const running = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) =>
  Effect.map(Effect.zipRight(Effect.yieldNow(), Fiber.poll(fiber)), ({ _tag }) => _tag === "None")

layer(broker, { excludeTestServices: true })("the broker of one process", (it) => {
  it.scoped("calls a message published only when every subscriber has committed it (H112)", () =>
    Effect.gen(function*() {
      const { deliveries, publish } = yield* Broker
      const one = yield* deliveries("one")
      const two = yield* deliveries("two")
      const published = yield* Effect.fork(publish(publication("b.v1")))
      const first = yield* Queue.take(one)
      const second = yield* Queue.take(two)
      assert.isTrue(yield* running(published))
      yield* first.settle(acknowledge)
      assert.isTrue(yield* running(published))
      yield* second.settle(acknowledge)
      yield* Fiber.join(published)
    }))

  it.scoped("holds publishers back when a consumer takes nothing, and keeps nothing of one that gave up", () =>
    Effect.gen(function*() {
      const { deliveries, publish } = yield* Broker
      const scope = yield* Scope.make()
      const before = yield* Scope.extend(deliveries("one"), scope)
      const many = yield* Effect.fork(
        Effect.forEach(
          Array.from({ length: 1024 }, () => publication("a.v1", "s", "waits")),
          (one) => publish(one),
          { concurrency: "unbounded" }
        )
      )
      yield* Effect.repeat(Queue.size(before), { until: (size) => size === 1024 })
      const beyond = yield* Effect.fork(publish(publication("a.v1", "s", "beyond")))
      yield* Effect.repeat(Queue.size(before), { until: (size) => size === 1025 })
      yield* Fiber.interrupt(beyond)
      // A new consumer gets all that was unsettled; the one whose publisher gave up is not among it.
      yield* Scope.close(scope, Exit.void)
      const one = yield* deliveries("one")
      const all = yield* Queue.takeN(one, 1024)
      assert.deepStrictEqual(new Set(Chunk.map(all, ({ body }) => body)), new Set(["waits"]))
      assert.strictEqual(yield* Queue.size(one), 0)
      yield* Effect.forEach(all, ({ settle }) => settle(acknowledge))
      yield* Fiber.join(many)
    }))
})
