import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { OrderId } from "@quartet/contracts/Ids"
import { Effect } from "effect"
import { v7 } from "uuid"
import { makeSettleRefund } from "../src/RefundDesk.ts"
import { awaitStatus, ledgerOf, pressed, provider, publish, saidOf, Service, until } from "./support.ts"

const refundsOf = (orderId: OrderId) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql<{ id: string; status: string; because: string | null; settledBy: string | null }>`
      SELECT refund_id AS id, status, settled_because AS because, settled_by AS "settledBy" FROM refunds
      WHERE order_id = ${orderId}`
  )

/** An order whose refund went through. */
const refunded = Effect.gen(function*() {
  const orderId = OrderId.make(v7())
  yield* pressed(orderId)
  yield* awaitStatus(orderId, "Succeeded")
  yield* publish("order.refund_requested.v1", orderId)
  const [refund] = yield* until(refundsOf(orderId), (rows) => rows.some(({ status }) => status === "Succeeded"))
  return { orderId, refundId: refund?.id ?? "" }
})

/** The same, and the bank returned it days later. */
const failed = Effect.gen(function*() {
  const { orderId, refundId } = yield* refunded
  const [made] = (yield* ledgerOf(orderId)).refunds
  yield* provider("POST", `refunds/${made?.id ?? ""}/fail`, {})
  yield* until(refundsOf(orderId), (rows) => rows.some(({ status }) => status === "Failed"))
  return { orderId, refundId }
})

layer(Service, { excludeTestServices: true, timeout: 60_000 })("a refund that failed at the bank", (it) => {
  it.effect("is settled once, with its reason and its operator, and is told to the order (H66)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const settle = yield* makeSettleRefund
      const { orderId, refundId } = yield* failed
      const first = { refundId, because: "bank transfer of 2 March", settledBy: "olga" }
      assert.deepStrictEqual(yield* settle(first), { _tag: "Settled", orderId })
      const again = { refundId, because: "another", settledBy: "boris" }
      assert.deepStrictEqual(yield* settle(again), { _tag: "Settled", orderId })
      assert.deepStrictEqual(yield* refundsOf(orderId), [
        { id: refundId, status: "Failed", because: first.because, settledBy: first.settledBy }
      ])
      assert.strictEqual((yield* saidOf(orderId)).filter((type) => type === "payment.refund_settled.v1").length, 1)
      const [kept] = yield* sql<{ left: number }>`
        SELECT (taken_amount - returned_amount)::float8 AS left FROM payments WHERE order_id = ${orderId}`
      assert.deepStrictEqual(kept, { left: 0 })
      const trail = yield* sql`
        SELECT actor FROM payment_transitions WHERE order_id = ${orderId} AND event = 'RefundSettled'`
      assert.deepStrictEqual(trail, [{ actor: "operator" }])
    }))

  it.effect("is nothing that went through, and nothing that nobody knows", () =>
    Effect.gen(function*() {
      const settle = yield* makeSettleRefund
      const { orderId, refundId } = yield* refunded
      const asked = { because: "bank transfer", settledBy: "olga" }
      assert.strictEqual((yield* settle({ ...asked, refundId }))._tag, "NotOwed")
      assert.deepStrictEqual(yield* settle({ ...asked, refundId: v7() }), { _tag: "Unknown" })
      assert.notInclude(yield* saidOf(orderId), "payment.refund_settled.v1")
    }))
})
