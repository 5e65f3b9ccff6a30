import { SqlClient } from "@effect/sql"
import { OrderSummaryChanged } from "@quartet/contracts/OrderMessages"
import type { RefundTotals } from "@quartet/contracts/OrderStatus"
import * as Actor from "@quartet/messaging/Actor"
import type { Step } from "@quartet/messaging/Behaviour"
import * as Consumer from "@quartet/messaging/Consumer"
import { accept } from "@quartet/messaging/Decision"
import { on } from "@quartet/messaging/Handler"
import { textOf } from "@quartet/messaging/Json"
import { write } from "@quartet/messaging/Write"
import { Context, Duration, Effect, Layer } from "effect"

type SummaryStep = Step<void, OrderSummaryChanged, OrderSummaryChanged, void>

/** One step of the read model: lists follow the orders, and never go back to an older version. */
export class OrderSummaries extends Context.Tag("@quartet/order/OrderSummaries")<
  OrderSummaries,
  Actor.Actor<OrderSummaryChanged, void, never>
>() {}

const makeSave = (sql: SqlClient.SqlClient) => {
  const refunded = (part: keyof RefundTotals) =>
    sql.literal(`coalesce(("refundTotals"->'${part}'->>'amount')::bigint, 0)`)
  return (steps: ReadonlyArray<SummaryStep>) =>
    write(sql`
      INSERT INTO order_summaries AS s (order_id, customer_id, status, version, total_amount, total_currency,
        item_count, placed_at, updated_at, refund_requested_amount, refunded_amount, refund_failed_amount)
      SELECT DISTINCT ON ("orderId") "orderId", "customerId", status, version, (total->>'amount')::bigint,
        total->>'currency', "itemCount", "placedAt", "updatedAt", ${refunded("requested")}, ${refunded("refunded")},
        ${refunded("failed")}
      FROM json_to_recordset(${textOf(steps.map(({ event }) => event))}::json) AS r ("orderId" uuid,
        "customerId" text, status text, version integer, total json, "itemCount" integer, "placedAt" timestamptz,
        "updatedAt" timestamptz, "refundTotals" json)
      ORDER BY "orderId", version DESC
      ON CONFLICT (order_id) DO UPDATE SET
        status = excluded.status, version = excluded.version, updated_at = excluded.updated_at,
        refund_requested_amount = excluded.refund_requested_amount, refunded_amount = excluded.refunded_amount,
        refund_failed_amount = excluded.refund_failed_amount
      WHERE excluded.version > s.version`)
}

/** The actor alone, for whoever brings its messages. */
export const actorLayer = Layer.scoped(
  OrderSummaries,
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Actor.make({
      name: "order-summaries",
      keyOf: ({ orderId }: OrderSummaryChanged) => orderId,
      load: () => Effect.void,
      decide: (_, summary) => accept(summary),
      evolve: () => undefined,
      save: makeSave(sql),
      say: () => [],
      reply: () => undefined
    }))
)

/** Which command is this message? It carries the row itself. */
export const handlers = [on(OrderSummaryChanged, (summary) => summary)]

/** Nobody waits for a list, so it is brought up to date a few times a second, in larger batches. */
const linger = Duration.millis(100)

export const layer = Layer.scopedDiscard(
  Effect.flatMap(
    OrderSummaries,
    (actor) => Consumer.make({ name: "order-summaries", actor, handlers, linger, workers: 1 })
  )
).pipe(Layer.provide(actorLayer))
