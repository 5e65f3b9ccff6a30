import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { OrderId, Sku } from "@quartet/contracts/Ids"
import { changed } from "@quartet/messaging/Changed"
import { textOf } from "@quartet/messaging/Json"
import type { Transaction } from "@quartet/messaging/Transaction"
import { inOneGo } from "@quartet/messaging/Transaction"
import { transitionsOf } from "@quartet/messaging/Transition"
import type { Write } from "@quartet/messaging/Write"
import { write } from "@quartet/messaging/Write"
import { Array, Context, Effect, HashMap, Layer, Schema } from "effect"
import type { InventoryCommand } from "./domain/Command.ts"
import { ReleaseCause } from "./domain/Command.ts"
import { Share } from "./domain/Event.ts"
import type { Inventory } from "./domain/State.ts"
import { Reservation, reservationOf, Stock, versionOf } from "./domain/State.ts"
import type { InventoryStep } from "./Ledger.ts"
import { writes } from "./Ledger.ts"

/** How stock and reservations are kept: a row each, the lines of a reservation, the ledger, and every transition. */
export class InventoryRepository extends Context.Tag("@quartet/inventory/InventoryRepository")<InventoryRepository, {
  /**
   * The orders of the commands, and the stock of every SKU that they or their reservations name. Orders are locked in
   * the order of their ids, and then stock in the order of SKUs, so that no two batches wait for each other.
   */
  readonly load: (commands: ReadonlyArray<InventoryCommand>) => Effect.Effect<Inventory, SqlError.SqlError, Transaction>
  /** Inserts or updates what the steps changed, and appends movements and transitions, in one statement. */
  readonly save: (steps: ReadonlyArray<InventoryStep>, after: Inventory) => Write
}>() {}

const Head = Schema.Struct({
  orderId: OrderId,
  _tag: Schema.String,
  version: Schema.Int,
  releasedBy: Schema.NullOr(ReleaseCause)
})
const Line = Schema.Struct({ orderId: OrderId, ...Share.fields })
const Ids = Schema.parseJson(Schema.Array(OrderId))
const Skus = Schema.parseJson(Schema.Array(Sku))
const decodeReservation = Schema.decodeUnknown(Reservation)

const selectHeads = (sql: SqlClient.SqlClient) =>
  SqlSchema.findAll({
    Request: Ids,
    Result: Head,
    execute: (ids) =>
      sql`
        SELECT order_id AS "orderId", status AS "_tag", version, released_by AS "releasedBy" FROM reservations
        WHERE order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${ids}::json)))
        ORDER BY order_id FOR UPDATE`
  })

// Lines are read behind the statement that locks their reservations: read by it they could be older than the lock.
const selectLinesAndStock = (sql: SqlClient.SqlClient) =>
  SqlSchema.single({
    Request: Schema.Struct({ orderIds: Ids, skus: Skus }),
    Result: Schema.Struct({ lines: Schema.Array(Line), stock: Schema.Array(Stock) }),
    execute: ({ orderIds, skus }) =>
      sql`
        WITH lines AS (
          SELECT order_id AS "orderId", sku, quantity FROM reservation_lines
          WHERE order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text(${orderIds}::json)))
        ), locked AS (
          SELECT sku, received, on_hand AS "onHand", reserved, version FROM stock
          WHERE sku = ANY (ARRAY(
            SELECT value FROM json_array_elements_text(${skus}::json) UNION SELECT sku FROM lines))
          ORDER BY sku FOR UPDATE
        )
        SELECT coalesce((SELECT json_agg(lines ORDER BY lines.sku) FROM lines), '[]') AS lines,
          coalesce((SELECT json_agg(locked) FROM locked), '[]') AS stock`
  })

/** The order that the command is about, and the SKUs that it names itself. */
const orderOf = (command: InventoryCommand) => command._tag === "Receive" ? [] : [command.orderId]
const skusOf = (command: InventoryCommand): ReadonlyArray<Sku> =>
  command._tag === "Receive" ? [command.sku] : "lines" in command ? command.lines.map(({ sku }) => sku) : []

const makeLoad = (sql: SqlClient.SqlClient) => {
  const heads = selectHeads(sql)
  const linesAndStock = selectLinesAndStock(sql)
  return Effect.fnUntraced(
    function*(commands: ReadonlyArray<InventoryCommand>) {
      const wanted = [...new Set(commands.flatMap(orderOf))]
      const [known, { lines, stock }] = yield* inOneGo(
        wanted.length === 0 ? Effect.succeed([]) : heads(wanted),
        linesAndStock({ orderIds: wanted, skus: [...new Set(commands.flatMap(skusOf))] })
      )
      const shares = Array.groupBy(lines, ({ orderId }) => orderId)
      const reservations = yield* Effect.forEach(
        known,
        (head) => decodeReservation({ ...head, shares: shares[head.orderId] ?? [] })
      )
      return {
        stock: HashMap.fromIterable(stock.map((level): [Sku, Stock] => [level.sku, level])),
        reservations: HashMap.fromIterable(reservations.map((row): [OrderId, Reservation] => [row.orderId, row]))
      }
    },
    Effect.catchTags({ ParseError: Effect.die, NoSuchElementException: Effect.die }) // we wrote these rows
  )
}

const reservationRows = (steps: ReadonlyArray<InventoryStep>, after: Inventory) =>
  changed(
    steps.flatMap(({ before, event }) =>
      "orderId" in event ? [{ key: event.orderId, before: before.reservations }] : []
    ),
    after.reservations
  ).map(({ isNew, state }) => ({
    orderId: state.orderId,
    _tag: state._tag,
    version: state.version,
    releasedBy: state._tag === "Released" ? state.releasedBy : null,
    isNew
  }))

/** The shares of orders that had none so far; they never change afterwards. */
const newLines = (steps: ReadonlyArray<InventoryStep>): ReadonlyArray<typeof Line.Type> =>
  steps.flatMap(({ after, before, event }) => {
    if (!("orderId" in event)) return []
    const { orderId } = event
    const sharesIn = (inventory: Inventory) => {
      const state = reservationOf(inventory, orderId)
      return state._tag === "Absent" ? [] : state.shares
    }
    return sharesIn(before).length > 0 ? [] : sharesIn(after).map((share) => ({ orderId, ...share }))
  })

/** The audit trail of the orders; that of receipts is the ledger. */
const orderTransitions = (steps: ReadonlyArray<InventoryStep>) =>
  transitionsOf(
    steps.flatMap(({ event, ...step }) => "orderId" in event ? [{ ...step, event }] : []),
    ({ after, before, event: { orderId } }) => {
      const from = reservationOf(before, orderId)
      const to = reservationOf(after, orderId)
      return { key: orderId, version: versionOf(to), from: from._tag, to: to._tag }
    }
  )

const makeSave = (sql: SqlClient.SqlClient) => (steps: ReadonlyArray<InventoryStep>, after: Inventory) =>
  write(sql`
      WITH ${writes(sql, steps, after)}, changed AS (
        SELECT * FROM json_to_recordset(${textOf(reservationRows(steps, after))}::json) AS r (
          "orderId" uuid, "_tag" text, version integer, "releasedBy" text, "isNew" boolean)
      ), inserted AS (
        INSERT INTO reservations (order_id, status, released_by, version, updated_at)
        SELECT "orderId", "_tag", "releasedBy", version, now() FROM changed WHERE "isNew" ORDER BY "orderId"
      ), updated AS (
        UPDATE reservations AS r SET
          status = c."_tag", released_by = c."releasedBy", version = c.version, updated_at = now()
        FROM changed AS c WHERE r.order_id = c."orderId" AND NOT c."isNew"
      ), content AS (
        INSERT INTO reservation_lines (order_id, sku, quantity)
        SELECT "orderId", sku, quantity
        FROM json_to_recordset(${textOf(newLines(steps))}::json) AS r ("orderId" uuid, sku text, quantity bigint)
      )
      INSERT INTO reservation_transitions
        (order_id, version, from_status, to_status, event, cause, correlation, actor, at)
      SELECT key, version, "fromStatus", "toStatus", event, cause, correlation, actor, at
      FROM json_to_recordset(${textOf(orderTransitions(steps))}::json) AS t (
        key uuid, version integer, "fromStatus" text, "toStatus" text, event text, cause text, correlation text,
        actor text, at timestamptz)`)

export const layer = Layer.effect(
  InventoryRepository,
  Effect.map(SqlClient.SqlClient, (sql) => InventoryRepository.of({ load: makeLoad(sql), save: makeSave(sql) }))
)
