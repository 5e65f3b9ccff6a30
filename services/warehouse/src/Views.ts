import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { OrderId, ShipmentId } from "@quartet/contracts/Ids"
import { StockLine } from "@quartet/contracts/Lines"
import { Context, Effect, Layer, Option, Schema } from "effect"

export const ShipmentStatus = Schema.Literal("AwaitingStock", "AwaitingPayment", "Ready", "Shipped", "Stopped")
export type ShipmentStatus = typeof ShipmentStatus.Type

/** A shipment as an operator sees it. */
export const ShipmentView = Schema.Struct({
  orderId: OrderId,
  status: ShipmentStatus,
  version: Schema.Int,
  shipmentId: Schema.NullOr(ShipmentId),
  lines: Schema.Array(StockLine),
  updatedAt: Schema.DateTimeUtc
})
export type ShipmentView = typeof ShipmentView.Type

/** Which page of shipments: those after an order, optionally only of one status. */
export interface Page {
  readonly status: Option.Option<ShipmentStatus>
  readonly after: Option.Option<OrderId>
  readonly limit: number
}

/** What can be looked up about shipments. */
export class WarehouseViews extends Context.Tag("@quartet/warehouse/WarehouseViews")<WarehouseViews, {
  readonly find: (orderId: OrderId) => Effect.Effect<Option.Option<ShipmentView>, SqlError.SqlError>
  /** In the order of order ids, which is about that of placing. */
  readonly list: (page: Page) => Effect.Effect<ReadonlyArray<ShipmentView>, SqlError.SqlError>
}>() {}

const Row = Schema.Struct({ ...ShipmentView.fields, updatedAt: Schema.DateTimeUtcFromDate })

const Request = Schema.Struct({
  orderId: Schema.NullOr(OrderId),
  after: Schema.NullOr(OrderId),
  status: Schema.NullOr(ShipmentStatus),
  limit: Schema.Int
})

export const layer = Layer.effect(
  WarehouseViews,
  Effect.map(SqlClient.SqlClient, (sql) => {
    const select = SqlSchema.findAll({
      Request,
      Result: Row,
      execute: ({ after, limit, orderId, status }) =>
        sql`
          SELECT s.order_id AS "orderId", s.status, s.version, s.shipment_id AS "shipmentId",
            s.updated_at AS "updatedAt", coalesce((
              SELECT json_agg(json_build_object('sku', l.sku, 'quantity', l.quantity) ORDER BY l.sku)
              FROM shipment_lines AS l WHERE l.order_id = s.order_id), '[]') AS lines
          FROM shipments AS s
          WHERE ${
          sql.and([
            sql`s.order_id > coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000')`,
            ...(orderId === null ? [] : [sql`s.order_id = ${orderId}::uuid`]),
            ...(status === null ? [] : [sql`s.status = ${status}`])
          ])
        }
          ORDER BY s.order_id LIMIT ${limit}`
    })
    const rows = (request: typeof Request.Type) => select(request).pipe(Effect.catchTag("ParseError", Effect.die))
    return WarehouseViews.of({
      find: (orderId) =>
        Effect.map(rows({ orderId, after: null, status: null, limit: 1 }), ([row]) => Option.fromNullable(row)),
      list: ({ after, limit, status }) =>
        rows({ orderId: null, after: Option.getOrNull(after), status: Option.getOrNull(status), limit })
    })
  })
)
