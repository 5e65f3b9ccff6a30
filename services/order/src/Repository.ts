import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import type { CustomerId, OrderId, Sku } from "@quartet/contracts/Ids"
import type { Step } from "@quartet/messaging/Behaviour"
import { changed } from "@quartet/messaging/Changed"
import { textOf } from "@quartet/messaging/Json"
import { lockOrders } from "@quartet/messaging/RowLocks"
import type { Transaction } from "@quartet/messaging/Transaction"
import { inOneGo } from "@quartet/messaging/Transaction"
import { transitionsOf } from "@quartet/messaging/Transition"
import type { Write } from "@quartet/messaging/Write"
import { write } from "@quartet/messaging/Write"
import { Context, Effect, HashMap, Layer } from "effect"
import * as CustomerLimits from "./CustomerLimits.ts"
import type { OrderCommand, Pay, Place } from "./domain/Command.ts"
import type { Slice } from "./domain/Decider.ts"
import { orderIn } from "./domain/Decider.ts"
import type { OrderEvent } from "./domain/Event.ts"
import type { Product } from "./domain/Pricing.ts"
import type { Limits, Standing } from "./domain/Standing.ts"
import type { State } from "./domain/State.ts"
import { versionOf } from "./domain/State.ts"
import { findOrders, toRow } from "./OrderRow.ts"
import { findProducts } from "./ProductRow.ts"
import { insertedSteps, stepOf } from "./RefundStep.ts"
import { findStandings } from "./StandingRow.ts"

type OrderStep = Step<Slice, OrderCommand, OrderEvent, State>

/** How orders are kept: a row each, its lines, and a row for every transition. */
export class OrderRepository extends Context.Tag("@quartet/order/OrderRepository")<OrderRepository, {
  /**
   * The orders of the commands that there are, locked in id order, the products to be ordered, as they cost now, and how
   * those stand who place and pay. Nothing locks a standing: two replicas may each let a batch pass at once.
   */
  readonly load: (commands: ReadonlyArray<OrderCommand>) => Effect.Effect<Slice, SqlError.SqlError, Transaction>
  /** Inserts or updates what the steps changed, and appends their transitions, in one statement. */
  readonly save: (steps: ReadonlyArray<OrderStep>, after: Slice) => Write
}>() {}

const makeLoad = (sql: SqlClient.SqlClient, limits: Limits) => {
  const lock = lockOrders(sql, "orders")
  const orders = findOrders(sql)
  const products = findProducts(sql)
  const standings = findStandings(sql, limits)
  return Effect.fnUntraced(function*(commands: ReadonlyArray<OrderCommand>) {
    const wanted = new Set(commands.flatMap((command) => command._tag === "Place" ? command.lines : []).map(toSku))
    const asking = new Set(commands.flatMap((command) => isLimited(command, limits) ? [command.customerId] : []))
    const ids = [...new Set(commands.map(({ orderId }) => orderId))]
    const [, [found, [listed, known]]] = yield* inOneGo(
      lock(ids),
      inOneGo(
        orders(ids),
        inOneGo(
          wanted.size === 0 ? Effect.succeed<ReadonlyArray<Product>>([]) : products([...wanted]),
          asking.size === 0 ? Effect.succeed<ReadonlyArray<Standing>>([]) : standings([...asking])
        )
      )
    )
    return {
      orders: HashMap.fromIterable(found.map((order): [OrderId, State] => [order.orderId, order])),
      products: HashMap.fromIterable(listed.map((product): [Sku, Product] => [product.sku, product])),
      customers: HashMap.fromIterable(known.map((one): [CustomerId, Standing] => [one.customerId, one]))
    }
  })
}

/** Where there is no limit, nobody is counted. */
const isLimited = (command: OrderCommand, { failedPayments, openOrders }: Limits): command is Place | Pay =>
  (command._tag === "Place" && openOrders > 0) || (command._tag === "Pay" && failedPayments > 0)

const toSku = ({ sku }: { readonly sku: Sku }): Sku => sku

const makeSave = (sql: SqlClient.SqlClient) => (steps: ReadonlyArray<OrderStep>, after: Slice) => {
  const touched = steps.map(({ before, event }) => ({ key: event.orderId, before: before.orders }))
  const refunds = steps.flatMap(({ after, event }) => stepOf(event, versionOf(orderIn(after, event.orderId))))
  const refundSteps = refunds.length === 0 ? sql`` : sql`, ${insertedSteps(sql, refunds)}`
  const rows = changed(touched, after.orders).flatMap(toRow)
  const transitions = transitionsOf(steps, ({ after, before, event: { orderId } }) => ({
    key: orderId,
    version: versionOf(orderIn(after, orderId)),
    from: orderIn(before, orderId)._tag,
    to: orderIn(after, orderId)._tag
  }))
  return write(sql`
      WITH changed AS (
        SELECT * FROM json_to_recordset(${textOf(rows)}::json) AS r (
          "orderId" uuid, "customerId" text, status text, version integer, amount bigint, currency text, refund text,
          "refundRequested" bigint, refunded bigint, "refundFailed" bigint,
          "placedAt" timestamptz, "updatedAt" timestamptz, "holdUntil" timestamptz, attempt integer,
          "nextActionType" text, "nextActionUrl" text, cancelling boolean, "shipmentId" uuid, reason text, lines json,
          "isNew" boolean)
      ), ${insertedOrders(sql)}, ${updatedOrders(sql)}${refundSteps}
      INSERT INTO order_transitions
        (order_id, version, from_status, to_status, event, cause, correlation, actor, at)
      SELECT key, version, "fromStatus", "toStatus", event, cause, correlation, actor, at
      FROM json_to_recordset(${textOf(transitions)}::json) AS t (
        key uuid, version integer, "fromStatus" text, "toStatus" text, event text, cause text, correlation text,
        actor text, at timestamptz)`)
}

const insertedOrders = (sql: SqlClient.SqlClient) =>
  sql`inserted AS (
    INSERT INTO orders (order_id, customer_id, status, version, total_amount, total_currency, refund, placed_at,
      updated_at, hold_until, attempt, next_action_type, next_action_url, cancelling, shipment_id, reason)
    SELECT "orderId", "customerId", status, version, amount, currency, refund, "placedAt", "updatedAt",
      "holdUntil", attempt, "nextActionType", "nextActionUrl", cancelling, "shipmentId", reason
    FROM changed WHERE "isNew" ORDER BY "orderId"
  ), content AS (
    INSERT INTO order_lines (order_id, position, sku, name, quantity, unit_amount, unit_currency)
    SELECT c."orderId", l.position, l.sku, l.name, l.quantity, l.amount, l.currency
    FROM changed AS c CROSS JOIN json_to_recordset(c.lines) AS l (
      position integer, sku text, name text, quantity integer, amount bigint, currency text)
    WHERE c."isNew"
  )`

const updatedOrders = (sql: SqlClient.SqlClient) =>
  sql`updated AS (
    UPDATE orders AS o SET
      status = c.status, version = c.version, refund = c.refund, updated_at = c."updatedAt",
      refund_requested_amount = c."refundRequested", refunded_amount = c.refunded,
      refund_failed_amount = c."refundFailed",
      hold_until = c."holdUntil", attempt = c.attempt, next_action_type = c."nextActionType",
      next_action_url = c."nextActionUrl", cancelling = c.cancelling, shipment_id = c."shipmentId",
      reason = c.reason
    FROM changed AS c WHERE o.order_id = c."orderId" AND NOT c."isNew"
  )`

export const layer = Layer.effect(
  OrderRepository,
  Effect.zipWith(
    SqlClient.SqlClient,
    CustomerLimits.config,
    (sql, limits) => OrderRepository.of({ load: makeLoad(sql, limits), save: makeSave(sql) })
  )
)
