import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { opsUrl, run } from "../support/Command.ts"
import { booksOf, returnRefunds } from "../support/Provider.ts"
import * as Quartet from "../support/Quartet.ts"
import { becomes, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import { count } from "../support/Tables.ts"

/** A cancelled order whose money went back, and the refund's id. */
const refunded = Effect.gen(function*() {
  const customer = yield* newCustomer
  const order = yield* Customer.place(customer, yield* newProduct(5), 2)
  yield* pay(customer, order)
  yield* becomes(customer, order, "Paid")
  yield* Customer.cancel(customer, order)
  const { refunds } = yield* until(Customer.look(customer, order), ({ refund }) => refund === "refunded")
  return { customer, order, refundId: refunds?.[0]?.id ?? "" }
})

const settle = (refund: string, because: string) =>
  Effect.flatMap(opsUrl, (url) => run("refunds", "settle", refund, "--because", because, "--url", url))

const settings = { WAREHOUSE_DISPATCH_AFTER: "never", RECONCILE_EVERY: "never", PAYMENT_RECONCILE_EVERY: "never" }

layer(Quartet.layer(settings), { excludeTestServices: true, timeout: 150_000 })("a refund", (it) => {
  it.effect(
    "that the bank returned is settled by an operator, shown to the customer, and no mismatch is left (H66, H207)",
    () =>
      Effect.gen(function*() {
        const { customer, order, refundId } = yield* refunded
        const early = yield* settle(refundId, "bank transfer")
        assert.deepStrictEqual([early.code, early.stdout], [1, ""])
        assert.match(early.stderr, new RegExp(`^Refund ${refundId} has not failed, .*\n$`))

        assert.deepStrictEqual((yield* returnRefunds(order)).map(({ status }) => status), [200])
        yield* until(Customer.look(customer, order), ({ refund }) => refund === "failed")
        const at = ["--settle", "300ms", "--url", yield* opsUrl]
        const open = yield* run("reconcile", ...at)
        assert.strictEqual(open.code, 1, open.stdout)
        assert.match(open.stdout, /^✘ .*the provider does not give its money back.*quartet refunds settle <refund>/m)
        const broken = yield* run("verify", "--wait", "1s")
        assert.strictEqual(broken.code, 1)
        assert.match(
          broken.stdout,
          new RegExp(`^✘ G1 .*\n +order ${order.id} is Cancelled .*20\\.00 EUR was kept`, "m")
        )

        const done = yield* settle(refundId, "bank transfer of 2 March")
        const again = yield* settle(refundId, "bank transfer of 3 March")
        const settled = { code: 0, stdout: `Refund ${refundId} of order ${order.id} is settled.\n`, stderr: "" }
        assert.deepStrictEqual([done, again], [settled, settled])

        const seen = yield* until(Customer.look(customer, order), ({ refund }) => refund === "refunded")
        assert.deepStrictEqual(seen.refunds?.map(({ amount, id, status }) => [id, amount.amount, status]), [
          [refundId, 2000, "refunded"]
        ])
        const told = (yield* Customer.history(customer, order)).slice(-3)
        assert.deepStrictEqual(told.map(({ event }) => event), ["RefundMade", "RefundFailed", "RefundMade"])
        const kept = "payment.refunds WHERE settled_because = 'bank transfer of 2 March' AND order_id = $1"
        assert.strictEqual(yield* count(kept, order.id), 1)
        assert.deepStrictEqual((yield* booksOf(order)).refunds, [])

        const nothing = yield* run("reconcile", ...at)
        assert.deepStrictEqual([nothing.code, nothing.stdout], [0, "No mismatch was found.\n"])
        const verified = yield* run("verify", "--wait", "20s")
        assert.strictEqual(verified.code, 0, verified.stdout)
      }),
    120_000
  )

  it.effect(
    "that nobody knows, or a reason that cannot be kept, is refused in one sentence",
    () =>
      Effect.gen(function*() {
        const id = v7()
        const unknown = yield* settle(id, "bank transfer")
        assert.deepStrictEqual([unknown.code, unknown.stdout], [1, ""])
        assert.match(unknown.stderr, new RegExp(`^There is no refund ${id}\\. .*\n$`))
        const reasons: ReadonlyArray<readonly [string, RegExp]> = [
          ["  ", /1 to 200 printable characters/],
          ["x".repeat(201), /1 to 200 printable characters/],
          ["back to 4242 4242 4242 4242", /without a card number/]
        ]
        for (const [because, rule] of reasons) {
          const refused = yield* settle(id, because)
          assert.deepStrictEqual([refused.code, refused.stdout], [1, ""])
          assert.match(refused.stderr, /^The reason cannot be kept\. .*\n$/)
          assert.match(refused.stderr, rule)
        }
        const none = yield* run("refunds", "settle", id, "--url", yield* opsUrl)
        assert.notStrictEqual(none.code, 0)
        assert.include(none.stdout + none.stderr, "--because")
      }),
    120_000
  )
})
