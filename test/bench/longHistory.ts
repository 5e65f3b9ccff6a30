import { Clock, Effect } from "effect"
import { execute } from "../support/Tables.ts"

/** What a shop has after a while: so many orders, five times as many transitions, and three times as many keys. */
const orders = 1_000_000
const versions = 5
const keys = 3 * orders

/** The customer to whom the n-th thing belongs. */
const owner = (customers: number) => `'history-' || n % ${customers}`

/** A UUID of version 7 for the n-th order: it was placed then, and the rest is as good as chance. Source: RFC 9562, §5.7. */
const id = `overlay(overlay(
    lpad(to_hex((extract(epoch FROM placed_at) * 1000)::bigint), 12, '0') || md5(n::text)
    PLACING '7' FROM 13 FOR 1) PLACING '8' FROM 17 FOR 1)::varchar(32)::uuid`

/** The orders of the year until then, the oldest first, as their ids are; told the same time, it makes the same orders. */
const madeUntil = (milliseconds: number) => `
  SELECT n, placed_at, ${id} AS order_id
  FROM generate_series(1, ${orders}) AS n CROSS JOIN LATERAL (SELECT date_trunc('milliseconds',
    to_timestamp(${milliseconds} / 1000.0) - interval '1 year' * (1.01 - n / ${orders}.0)) AS placed_at) AS t`

const status = "CASE n % 10 WHEN 0 THEN 'Failed' WHEN 1 THEN 'Cancelled' ELSE 'Shipped' END"

const inserts = (customers: number, made: string) => [
  `INSERT INTO orders (order_id, customer_id, status, version, total_amount, total_currency, refund, placed_at, updated_at,
     shipment_id, reason)
   SELECT order_id, ${owner(customers)}, ${status}, ${versions}, 1000, 'EUR', 'none', placed_at, placed_at,
     CASE WHEN n % 10 > 1 THEN order_id END, CASE n % 10 WHEN 0 THEN 'out_of_stock' WHEN 1 THEN 'customer' END
   FROM (${made}) AS made`,
  `INSERT INTO order_lines (order_id, position, sku, name, quantity, unit_amount, unit_currency)
   SELECT order_id, 1, 'sku-' || n % 1000, 'A thing', 1, 1000, 'EUR' FROM (${made}) AS made`,
  `INSERT INTO order_transitions (order_id, version, from_status, to_status, event, cause, correlation, actor, at)
   SELECT order_id, version, (ARRAY['Absent', 'Draft', 'Reserved', 'PaymentPending', 'Paid'])[version],
     CASE version WHEN ${versions} THEN ${status} ELSE (ARRAY['Draft', 'Reserved', 'PaymentPending', 'Paid'])[version] END,
     'OrderPlaced', order_id::text, order_id::text, 'history', placed_at + version * interval '1 second'
   FROM (${made}) AS made CROSS JOIN generate_series(1, ${versions}) AS version`,
  // Younger than a day: older ones would be taken away while it is measured.
  `INSERT INTO idempotency_keys (owner, key, fingerprint, status, body, headers, created_at)
   SELECT ${owner(customers)}, lpad(n::text, 10, '0') || '-' || md5(n::text), md5(n::text) || md5('b' || n), 201,
     '{"status":"Draft","total":{"amount":1000,"currency":"EUR"}}', '{}', now() - interval '20 hours' * (n / ${keys}.0)
   FROM generate_series(1, ${keys}) AS n`
]

const filled = ["orders", "order_lines", "order_transitions", "idempotency_keys"]

/**
 * Fills the order service's tables for customers `history-0` and so on, as its schema's owner could, past what the
 * references between them cost: every constraint on a row holds, and what refers to an order refers to one that is there.
 */
export const fill = (customers: number) =>
  Effect.gen(function*() {
    const settings = `SET session_replication_role = replica; SET search_path = "order"; SET synchronous_commit = off;`
    const made = madeUntil(yield* Clock.currentTimeMillis)
    yield* Effect.forEach(inserts(customers, made), (insert) => execute(`${settings} ${insert}`), {
      concurrency: 2,
      discard: true
    })
    yield* Effect.forEach(filled, (table) => execute(`VACUUM (ANALYZE) "order".${table}`), { discard: true })
    yield* execute("CHECKPOINT")
  })
