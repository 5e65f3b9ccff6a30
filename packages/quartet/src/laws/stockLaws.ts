import type { Law } from "./Law.ts"

export const stockLaws: ReadonlyArray<Law> = [
  {
    id: "G5",
    says: "every unit that arrived is on hand, or belongs to an order for good",
    breaches: (sql) =>
      sql`
        SELECT format('%s: received %s, on hand %s, reserved %s; held by orders %s, committed %s, in the ledger %s', s.sku,
          s.received, s.on_hand, s.reserved, coalesce(r.active, 0), coalesce(r.committed, 0), coalesce(m.received, 0)) AS breach
        FROM inventory.stock AS s
        LEFT JOIN (
          SELECT sku, sum(quantity) FILTER (WHERE status = 'Active') AS active,
            sum(quantity) FILTER (WHERE status = 'Committed') AS committed
          FROM inventory.reservation_lines JOIN inventory.reservations USING (order_id) GROUP BY sku
        ) AS r USING (sku)
        LEFT JOIN (
          SELECT sku, sum(quantity) FILTER (WHERE kind = 'receipt') AS received FROM inventory.stock_movements GROUP BY sku
        ) AS m USING (sku)
        WHERE s.received <> s.on_hand + coalesce(r.committed, 0) OR s.reserved <> coalesce(r.active, 0)
          OR s.received <> coalesce(m.received, 0)`
  },
  {
    id: "G6",
    says: "nothing is promised that is not there",
    breaches: (sql) =>
      sql`SELECT format('%s: %s on hand, %s reserved', sku, on_hand, reserved) AS breach FROM inventory.stock
        WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand`
  },
  {
    id: "G3",
    says: "whatever left was paid, and its stock was committed",
    breaches: (sql) =>
      sql`SELECT format('shipment of order %s left; the order is %s, its stock %s', s.order_id, o.status, r.status) AS breach
        FROM warehouse.shipments AS s
        LEFT JOIN "order".orders AS o USING (order_id) LEFT JOIN inventory.reservations AS r USING (order_id)
        WHERE s.status = 'Shipped' AND (o.status IS DISTINCT FROM 'Shipped' OR r.status IS DISTINCT FROM 'Committed')`
  },
  {
    id: "G8",
    says: "order, payment, stock and shipment agree",
    breaches: (sql) =>
      sql`
        SELECT format('order %s is %s, its payment %s, its stock %s, its shipment %s', o.order_id, o.status,
          coalesce(p.status, 'none'), coalesce(r.status, 'none'), coalesce(s.status, 'none')) AS breach
        FROM "order".orders AS o
        LEFT JOIN payment.payments AS p USING (order_id)
        LEFT JOIN inventory.reservations AS r USING (order_id)
        LEFT JOIN warehouse.shipments AS s USING (order_id)
        WHERE NOT CASE o.status
          WHEN 'Shipped' THEN p.status = 'Succeeded' AND r.status = 'Committed' AND s.status = 'Shipped'
          WHEN 'Paid' THEN p.status = 'Succeeded' AND r.status = 'Committed' AND s.status IS DISTINCT FROM 'Shipped'
          WHEN 'Reserved' THEN p.status IS NULL AND r.status = 'Active' AND s.status IS NULL
          WHEN 'PaymentPending' THEN r.status = 'Active' AND s.status IS NULL
          WHEN 'Draft' THEN p.status IS NULL AND s.status IS NULL
          ELSE coalesce(r.status, 'none') NOT IN ('Active', 'Committed') AND s.status IS DISTINCT FROM 'Shipped'
        END IS TRUE`
  }
]
