import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { opsUrl, run } from "../support/Command.ts"
import * as Process from "../support/Process.ts"
import * as Quartet from "../support/Quartet.ts"
import { becomes, newCustomer, newProduct, pay } from "../support/Shop.ts"
import { execute } from "../support/Tables.ts"

/** An order that went all the way. */
const shipped = Effect.gen(function*() {
  const customer = yield* newCustomer
  const order = yield* Customer.place(customer, yield* newProduct(5), 1)
  yield* pay(customer, order)
  yield* becomes(customer, order, "Shipped")
  return { customer, order }
})

layer(Quartet.layer(), { excludeTestServices: true, timeout: 150_000 })("whoever operates a running quartet", (it) => {
  it.effect(
    "verifies every promise by one command, which finds the database in the home by itself",
    () =>
      Effect.gen(function*() {
        yield* shipped
        const { code, stderr, stdout } = yield* run("verify", "--wait", "20s")
        assert.strictEqual(code, 0, stdout + stderr)
        assert.match(stdout, /^✔ G1 .*kept/m)
        assert.notInclude(stdout, "✘")
      }),
    60_000
  )

  it.effect(
    "has everything said again after a broker lost it, and nothing changes (H130)",
    () =>
      Effect.gen(function*() {
        const { customer, order } = yield* shipped
        const again = yield* run("say-again", "--last", "1h", "--url", yield* opsUrl)
        assert.strictEqual(again.code, 0, again.stderr)
        assert.match(again.stdout, /^[1-9]\d* messages are said again/)
        const { code, stdout } = yield* run("verify", "--wait", "20s")
        assert.strictEqual(code, 0, stdout)
        yield* becomes(customer, order, "Shipped")
      }),
    60_000
  )

  it.effect(
    "is told what is parked and why, replays it as often as wanted, and gives it up with a reason (H135)",
    () =>
      Effect.gen(function*() {
        yield* execute(
          `INSERT INTO inventory.parked_messages (consumer, message_id, type, subject, envelope, reason, attempts)
        VALUES ('inventory', 'm1', 'order.placed.v1', 'an-order', 'no envelope', E'TypeError: nothing\\n    at deep.js', 5)`
        )
        const at = ["--url", yield* opsUrl]
        const list = yield* run("parked", "list", ...at)
        assert.match(list.stdout, /^inventory\/1 +order\.placed\.v1 +an-order +\S+ +5 +TypeError: nothing$/m)
        const shown = yield* run("parked", "show", "inventory/1", ...at)
        assert.include(shown.stdout, "at deep.js")
        const none = yield* run("parked", "discard", "inventory/77", "--because", "it is not there", ...at)
        assert.strictEqual(none.code, 1)
        assert.match(none.stderr, /^No message inventory\/77 waits/)
        const twice = yield* Effect.all([1, 2].map(() => run("parked", "replay", "--all", ...at)))
        assert.deepStrictEqual(twice.map(({ code }) => code), [0, 0])

        const broken = yield* run("verify", "--wait", "1s")
        assert.strictEqual(broken.code, 1)
        assert.match(broken.stdout, /^✘ G11 .*\n +.*is parked by inventory/m)
        assert.match(broken.stderr, /promises? (is|are) broken/)

        // Replayed, it could not be read: it waits under the name that such a message has.
        const waiting = (yield* run("parked", "list", ...at)).stdout.match(/^inventory\/\d+/gm) ?? []
        assert.isNotEmpty(waiting)
        for (const id of waiting) {
          const gone = yield* run("parked", "discard", id, "--because", "it never was a message", ...at)
          assert.strictEqual(gone.code, 0, gone.stderr)
        }
        assert.strictEqual((yield* run("parked", "list", ...at)).stdout, "Nothing is parked.\n")
        assert.strictEqual((yield* run("verify", "--wait", "20s")).code, 0)
      }),
    120_000
  )

  it.effect(
    "is told of one envelope that cannot be read, and of everything else as before",
    () =>
      Effect.gen(function*() {
        yield* execute(`UPDATE "order".outbox SET envelope = 'no envelope' WHERE type = 'order.paid.v1'`)
        const { code, stdout } = yield* run("verify")
        assert.strictEqual(code, 1)
        assert.match(stdout, /^✘ G13 .*\n +order\.paid\.v1 \S+ was caused by nothing/m)
        assert.strictEqual(stdout.match(/^✘/gm)?.length, 1, stdout)
      }),
    60_000
  )

  it.effect("is told in one sentence that nobody is there", () =>
    Effect.gen(function*() {
      const home = yield* Process.makeHome()
      for (const args of [["verify"], ["parked", "list", "--url", `http://127.0.0.1:${home.ports.ops}`]]) {
        const command = yield* Process.quartet(args, home.settings)
        assert.strictEqual((yield* command.ended).code, 1)
        assert.strictEqual(command.stderr().trim().split("\n").length, 1, command.stderr())
      }
    }).pipe(Effect.scoped))
})
