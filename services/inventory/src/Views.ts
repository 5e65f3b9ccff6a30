import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { OrderId, Sku } from "@quartet/contracts/Ids"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { ReceiptId } from "./domain/Command.ts"
import { MovementKind } from "./domain/State.ts"

/** The level of one SKU as an operator sees it, in units. */
export const StockView = Schema.Struct({
  sku: Sku,
  onHand: Schema.Int,
  reserved: Schema.Int,
  available: Schema.Int
})
export type StockView = typeof StockView.Type

/** One line of the ledger; `seq` is its place in it, a 64-bit number as text. */
export const MovementView = Schema.Struct({
  seq: Schema.String.pipe(Schema.pattern(/^[0-9]{1,18}$/)),
  sku: Sku,
  kind: MovementKind,
  quantity: Schema.Int,
  orderId: Schema.NullOr(OrderId),
  receiptId: Schema.NullOr(ReceiptId),
  cause: Schema.String,
  actor: Schema.String,
  at: Schema.DateTimeUtc
})
export type MovementView = typeof MovementView.Type

/** A page of what comes after a place in the list. */
export interface Page<Place> {
  readonly after: Option.Option<Place>
  readonly limit: number
}

/** What can be looked up about stock. */
export class InventoryViews extends Context.Tag("@quartet/inventory/InventoryViews")<InventoryViews, {
  readonly find: (sku: Sku) => Effect.Effect<Option.Option<StockView>, SqlError.SqlError>
  /** In the order of SKUs, byte by byte. */
  readonly list: (page: Page<Sku>) => Effect.Effect<ReadonlyArray<StockView>, SqlError.SqlError>
  /** The ledger of one SKU, oldest first, after the line with this `seq`. */
  readonly movements: (
    sku: Sku,
    page: Page<string>
  ) => Effect.Effect<ReadonlyArray<MovementView>, SqlError.SqlError>
}>() {}

const Count = Schema.NumberFromString.pipe(Schema.int())
const StockRow = Schema.Struct({ sku: Sku, onHand: Count, reserved: Count, available: Count })
const MovementRow = Schema.Struct({ ...MovementView.fields, quantity: Count, at: Schema.DateTimeUtcFromDate })

const selectStock = (sql: SqlClient.SqlClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ sku: Schema.NullOr(Sku), after: Schema.NullOr(Sku), limit: Schema.Int }),
    Result: StockRow,
    execute: ({ after, limit, sku }) =>
      sql`
        SELECT sku, on_hand AS "onHand", reserved, on_hand - reserved AS available FROM stock
        WHERE sku > coalesce(${after}::text, '') ${sku === null ? sql`` : sql`AND sku = ${sku}`}
        ORDER BY sku LIMIT ${limit}`
  })

const selectMovements = (sql: SqlClient.SqlClient) =>
  SqlSchema.findAll({
    Request: Schema.Struct({ sku: Sku, after: Schema.NullOr(MovementView.fields.seq), limit: Schema.Int }),
    Result: MovementRow,
    execute: ({ after, limit, sku }) =>
      sql`
        SELECT seq, sku, kind, quantity, order_id AS "orderId", receipt_id AS "receiptId", cause, actor, at
        FROM stock_movements
        WHERE sku = ${sku} AND seq > coalesce(${after}::bigint, 0)
        ORDER BY seq LIMIT ${limit}`
  })

export const layer = Layer.effect(
  InventoryViews,
  Effect.map(SqlClient.SqlClient, (sql) => {
    const select = selectStock(sql)
    const movements = selectMovements(sql)
    const stock = (request: { readonly sku: Sku | null; readonly after: Sku | null; readonly limit: number }) =>
      select(request).pipe(Effect.catchTag("ParseError", Effect.die))
    return InventoryViews.of({
      find: Effect.fn("InventoryViews.find")((sku) =>
        Effect.map(stock({ sku, after: null, limit: 1 }), ([row]) => Option.fromNullable(row))
      ),
      list: Effect.fn("InventoryViews.list")(({ after, limit }) =>
        stock({ sku: null, after: Option.getOrNull(after), limit })
      ),
      movements: Effect.fn("InventoryViews.movements")((sku, { after, limit }) =>
        movements({ sku, after: Option.getOrNull(after), limit }).pipe(Effect.catchTag("ParseError", Effect.die))
      )
    })
  })
)
