import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { OrderId } from "@quartet/contracts/Ids"
import type { Step } from "@quartet/messaging/Behaviour"
import type { Changed } from "@quartet/messaging/Changed"
import { changed } from "@quartet/messaging/Changed"
import { textOf } from "@quartet/messaging/Json"
import type { Slice } from "@quartet/messaging/Keyed"
import { lockOrders } from "@quartet/messaging/RowLocks"
import type { Transaction } from "@quartet/messaging/Transaction"
import { inOneGo } from "@quartet/messaging/Transaction"
import { transitionsOf } from "@quartet/messaging/Transition"
import type { Write } from "@quartet/messaging/Write"
import { write } from "@quartet/messaging/Write"
import { Context, Effect, HashMap, Layer, Option, Schema } from "effect"
import type { WarehouseCommand } from "./domain/Command.ts"
import type { WarehouseEvent } from "./domain/Event.ts"
import type { State } from "./domain/State.ts"
import { Shipment, versionOf } from "./domain/State.ts"

type Shipments = Slice<OrderId, State>
type WarehouseStep = Step<Shipments, WarehouseCommand, WarehouseEvent, State>

/** How shipments are kept: a row each, its lines, and a row for every transition. */
export class WarehouseRepository extends Context.Tag("@quartet/warehouse/WarehouseRepository")<WarehouseRepository, {
  /** The known ones among these orders, locked in id order. */
  readonly load: (ids: ReadonlyArray<OrderId>) => Effect.Effect<Shipments, SqlError.SqlError, Transaction>
  /** Inserts or updates what the steps changed, and appends their transitions, in one statement. */
  readonly save: (steps: ReadonlyArray<WarehouseStep>, after: Shipments) => Write
}>() {}

const toRow = ({ isNew, key, state }: Changed<OrderId, State>) => ({
  orderId: key,
  status: state._tag,
  version: versionOf(state),
  shipmentId: "shipmentId" in state ? state.shipmentId : null,
  lines: "lines" in state ? state.lines : [],
  isNew
})

const makeLoad = (sql: SqlClient.SqlClient) => {
  const lock = lockOrders(sql, "shipments")
  const select = SqlSchema.findAll({
    Request: Schema.parseJson(Schema.Array(OrderId)),
    Result: Shipment,
    execute: (ids) =>
      sql`
        SELECT s.status AS "_tag", s.order_id AS "orderId", s.version, s.shipment_id AS "shipmentId", coalesce((
          SELECT json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity) ORDER BY l.sku)
          FROM shipment_lines AS l WHERE l.order_id = s.order_id), '[]') AS lines
        FROM shipments AS s
        WHERE s.order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${ids}::json)))
        ORDER BY s.order_id`
  })
  return Effect.fn("WarehouseRepository.load")((ids: ReadonlyArray<OrderId>) =>
    inOneGo(lock(ids), select(ids)).pipe(
      Effect.map(([, rows]) => HashMap.fromIterable(rows.map((row): [OrderId, State] => [row.orderId, row]))),
      Effect.catchTag("ParseError", Effect.die) // we wrote these rows: unreadable means a bug
    )
  )
}

const statusIn = (shipments: Shipments, id: OrderId): string =>
  Option.match(HashMap.get(shipments, id), { onNone: () => "Absent", onSome: ({ _tag }) => _tag })

const makeSave = (sql: SqlClient.SqlClient) => (steps: ReadonlyArray<WarehouseStep>, after: Shipments) => {
  const rows = changed(steps.map(({ before, event }) => ({ key: event.orderId, before })), after).map(toRow)
  const transitions = transitionsOf(steps, (step) => ({
    key: step.event.orderId,
    version: Option.match(HashMap.get(step.after, step.event.orderId), { onNone: () => 0, onSome: versionOf }),
    from: statusIn(step.before, step.event.orderId),
    to: statusIn(step.after, step.event.orderId)
  }))
  return write(sql`
      WITH changed AS (
        SELECT * FROM json_to_recordset(${textOf(rows)}::json) AS r (
          "orderId" uuid, status text, version integer, "shipmentId" uuid, lines json, "isNew" boolean)
      ), inserted AS (
        INSERT INTO shipments (order_id, status, version, shipment_id, updated_at)
        SELECT "orderId", status, version, "shipmentId", now() FROM changed WHERE "isNew" ORDER BY "orderId"
      ), updated AS (
        UPDATE shipments AS s SET
          status = c.status, version = c.version, shipment_id = c."shipmentId", updated_at = now()
        FROM changed AS c WHERE s.order_id = c."orderId" AND NOT c."isNew"
      ), content AS (
        INSERT INTO shipment_lines (order_id, sku, quantity)
        SELECT c."orderId", l.sku, l.quantity
        FROM changed AS c CROSS JOIN json_to_recordset(c.lines) AS l (sku text, quantity bigint) WHERE c."isNew"
      )
      INSERT INTO shipment_transitions
        (order_id, version, from_status, to_status, event, cause, correlation, actor, at)
      SELECT key, version, "fromStatus", "toStatus", event, cause, correlation, actor, at
      FROM json_to_recordset(${textOf(transitions)}::json) AS t (
        key uuid, version integer, "fromStatus" text, "toStatus" text, event text, cause text, correlation text,
        actor text, at timestamptz)`)
}

export const layer = Layer.effect(
  WarehouseRepository,
  Effect.map(SqlClient.SqlClient, (sql) => WarehouseRepository.of({ load: makeLoad(sql), save: makeSave(sql) }))
)
