import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { OrderId, RefundId } from "@quartet/contracts/Ids"
import type { DateTime } from "effect"
import { Context, Effect, HashMap, Layer, Option, Schema } from "effect"
import { IntentId } from "./domain/Intent.ts"
import type { State } from "./domain/State.ts"
import { absent, Payment } from "./domain/State.ts"
import { paymentJson } from "./internal/paymentJson.ts"

/** What can be looked up without a lock: as true as the last commit, and no more. */
export class PaymentViews extends Context.Tag("@quartet/payment/PaymentViews")<PaymentViews, {
  /** An order's payment as it is now. */
  readonly payment: (orderId: OrderId) => Effect.Effect<State, SqlError.SqlError>
  /** The known payments of these orders. */
  readonly payments: (
    orderIds: ReadonlyArray<OrderId>
  ) => Effect.Effect<HashMap.HashMap<OrderId, State>, SqlError.SqlError>
  /** The intents of all payments that were begun since then and count as paid. */
  readonly paidSince: (since: DateTime.Utc) => Effect.Effect<ReadonlyArray<Paid>, SqlError.SqlError>
  /** The refund of this id, which is ours or the provider's. */
  readonly refundNamed: (id: string) => Effect.Effect<Option.Option<NamedRefund>, SqlError.SqlError>
  /** Whose payment an intent belongs to, so that what is told of the intent alone finds its order. */
  readonly orderOfIntent: (intentId: IntentId) => Effect.Effect<Option.Option<OrderId>, SqlError.SqlError>
}>() {}

/** A refund, and whose it is. */
export interface NamedRefund {
  readonly orderId: OrderId
  readonly refundId: RefundId
}

/** A payment that succeeded, by its intent. */
export interface Paid {
  readonly orderId: OrderId
  readonly intentId: IntentId
}

const selectPayment = (sql: SqlClient.SqlClient) =>
  SqlSchema.findOne({
    Request: OrderId,
    Result: Schema.Struct({ payment: Payment }),
    execute: (orderId) =>
      sql`
        SELECT ${sql.literal(paymentJson)} AS payment
        FROM payments AS p LEFT JOIN payment_attempts AS a USING (order_id, attempt)
        WHERE p.order_id = ${orderId}`
  })

const selectOrderOfIntent = (sql: SqlClient.SqlClient) =>
  SqlSchema.findOne({
    Request: IntentId,
    Result: Schema.Struct({ orderId: OrderId }),
    execute: (intentId) => sql`SELECT order_id AS "orderId" FROM payment_attempts WHERE intent_id = ${intentId} LIMIT 1`
  })

const selectRefund = (sql: SqlClient.SqlClient) =>
  SqlSchema.findOne({
    Request: Schema.String,
    Result: Schema.Struct({ orderId: OrderId, refundId: RefundId }),
    execute: (id) =>
      sql`
        SELECT order_id AS "orderId", refund_id AS "refundId" FROM refunds
        WHERE refund_id::text = lower(${id}) OR provider_id = ${id} LIMIT 1`
  })

const selectPayments = (sql: SqlClient.SqlClient) =>
  SqlSchema.findAll({
    Request: Schema.parseJson(Schema.Array(OrderId)),
    Result: Schema.Struct({ payment: Payment }),
    execute: (ids) =>
      sql`
        SELECT ${sql.literal(paymentJson)} AS payment
        FROM payments AS p LEFT JOIN payment_attempts AS a USING (order_id, attempt)
        WHERE p.order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${ids}::json)))`
  })

const selectPaid = (sql: SqlClient.SqlClient) =>
  SqlSchema.findAll({
    Request: Schema.DateTimeUtc,
    Result: Schema.Struct({ orderId: OrderId, intentId: IntentId }),
    execute: (since) =>
      sql`
        SELECT p.order_id AS "orderId", p.intent_id AS "intentId"
        FROM payments AS p JOIN payment_attempts AS a USING (order_id, attempt)
        WHERE a.begun_at > ${since}::timestamptz AND p.status = 'Succeeded' ORDER BY p.order_id`
  })

export const layer = Layer.effect(
  PaymentViews,
  Effect.map(SqlClient.SqlClient, (sql) => {
    const payment = selectPayment(sql)
    const orderOfIntent = selectOrderOfIntent(sql)
    const payments = selectPayments(sql)
    const paid = selectPaid(sql)
    const refund = selectRefund(sql)
    return PaymentViews.of({
      payment: Effect.fn("PaymentViews.payment")((orderId: OrderId) =>
        payment(orderId).pipe(
          Effect.map(Option.match({ onNone: () => absent, onSome: (row): State => row.payment })),
          Effect.catchTag("ParseError", Effect.die)
        )
      ),
      payments: Effect.fn("PaymentViews.payments")((orderIds: ReadonlyArray<OrderId>) =>
        payments(orderIds).pipe(
          Effect.map((rows) =>
            HashMap.fromIterable(rows.map(({ payment }): [OrderId, State] => [payment.orderId, payment]))
          ),
          Effect.catchTag("ParseError", Effect.die)
        )
      ),
      orderOfIntent: Effect.fn("PaymentViews.orderOfIntent")((intentId: IntentId) =>
        orderOfIntent(intentId).pipe(
          Effect.map(Option.map((row) => row.orderId)),
          Effect.catchTag("ParseError", Effect.die)
        )
      ),
      refundNamed: Effect.fn("PaymentViews.refundNamed")((id: string) =>
        Effect.catchTag(refund(id), "ParseError", Effect.die)
      ),
      paidSince: Effect.fn("PaymentViews.paidSince")((since: DateTime.Utc) =>
        Effect.catchTag(paid(since), "ParseError", Effect.die)
      )
    })
  })
)
