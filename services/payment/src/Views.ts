import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { OrderId } from "@quartet/contracts/Ids"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { IntentId } from "./domain/Intent.ts"
import type { State } from "./domain/State.ts"
import { absent, Payment } from "./domain/State.ts"
import { paymentJson } from "./internal/paymentJson.ts"

/** What can be looked up without a lock: as true as the last commit, and no more. */
export class PaymentViews extends Context.Tag("@quartet/payment/PaymentViews")<PaymentViews, {
  /** An order's payment as it is now. */
  readonly payment: (orderId: OrderId) => Effect.Effect<State, SqlError.SqlError>
  /** Whose payment an intent belongs to, so that what is told of the intent alone finds its order. */
  readonly orderOfIntent: (intentId: IntentId) => Effect.Effect<Option.Option<OrderId>, SqlError.SqlError>
}>() {}

export const layer = Layer.effect(
  PaymentViews,
  Effect.map(SqlClient.SqlClient, (sql) => {
    const payment = SqlSchema.findOne({
      Request: OrderId,
      Result: Schema.Struct({ payment: Payment }),
      execute: (orderId) =>
        sql`
          SELECT ${sql.literal(paymentJson)} AS payment
          FROM payments AS p LEFT JOIN payment_attempts AS a USING (order_id, attempt)
          WHERE p.order_id = ${orderId}`
    })
    const orderOfIntent = SqlSchema.findOne({
      Request: IntentId,
      Result: Schema.Struct({ orderId: OrderId }),
      execute: (intentId) =>
        sql`SELECT order_id AS "orderId" FROM payment_attempts WHERE intent_id = ${intentId} LIMIT 1`
    })
    return PaymentViews.of({
      payment: Effect.fn("PaymentViews.payment")((orderId: OrderId) =>
        payment(orderId).pipe(
          Effect.map(Option.match({ onNone: () => absent, onSome: (row): State => row.payment })),
          Effect.catchTag("ParseError", Effect.die)
        )
      ),
      orderOfIntent: Effect.fn("PaymentViews.orderOfIntent")((intentId: IntentId) =>
        orderOfIntent(intentId).pipe(
          Effect.map(Option.map((row) => row.orderId)),
          Effect.catchTag("ParseError", Effect.die)
        )
      )
    })
  })
)
