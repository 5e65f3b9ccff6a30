import type { Law } from "./Law.ts"

/** The transitions of an order, and the steps that stay where they are: what was heard is in the trail too. */
const legal = [
  "Absent>Draft",
  "Draft>Reserved",
  "Draft>Failed",
  "Draft>Cancelled",
  "Reserved>PaymentPending",
  "Reserved>Cancelled",
  "PaymentPending>PaymentPending",
  "PaymentPending>Paid",
  "PaymentPending>Failed",
  "PaymentPending>Cancelled",
  "Paid>Paid",
  "Paid>Shipped",
  "Paid>Cancelled",
  "Paid>Failed",
  "Shipped>Shipped",
  "Failed>Failed",
  "Cancelled>Cancelled"
].join(",")

export const historyLaws: ReadonlyArray<Law> = [
  {
    id: "G7",
    says: "every history is a path of the order's life, numbered without gaps, and ends where the order is",
    breaches: (sql) =>
      sql`
        WITH trail AS (
          SELECT *, lag(version) OVER w AS before, lag(to_status) OVER w AS was, lead(version) OVER w IS NULL AS is_last
          FROM "order".order_transitions WINDOW w AS (PARTITION BY order_id ORDER BY version)
        )
        SELECT format('order %s, step %s: from %s to %s after %s; the order is %s at %s', t.order_id, t.version,
          t.from_status, t.to_status, coalesce(t.was, 'nothing'), o.status, o.version) AS breach
        FROM trail AS t JOIN "order".orders AS o USING (order_id)
        WHERE t.version <> coalesce(t.before, 0) + 1 OR t.from_status <> coalesce(t.was, 'Absent')
          OR t.from_status || '>' || t.to_status <> ALL (string_to_array(${legal}, ','))
          OR (t.is_last AND (t.version <> o.version OR t.to_status <> o.status))
        UNION ALL
        SELECT format('order %s has no history', o.order_id) FROM "order".orders AS o
        WHERE NOT EXISTS (SELECT 1 FROM "order".order_transitions AS t WHERE t.order_id = o.order_id)`
  },
  {
    id: "G15",
    says: "every order is at its end, or waits for its customer, and nothing is under way for one that is over",
    breaches: (sql) =>
      sql`
        SELECT format('order %s is %s since %s', order_id, status, updated_at) AS breach FROM "order".orders
        WHERE NOT (status IN ('Shipped', 'Failed', 'Cancelled') OR (status = 'Reserved' AND hold_until > now())
          OR (status = 'PaymentPending' AND next_action_type IS NOT NULL))
        UNION ALL
        SELECT format('order %s is %s, its payment still %s', order_id, o.status, p.status)
        FROM "order".orders AS o JOIN payment.payments AS p USING (order_id)
        WHERE o.status IN ('Shipped', 'Failed', 'Cancelled')
          AND p.status IN ('Opened', 'Charging', 'ActionRequired', 'Cancelling', 'Closing')
        UNION ALL
        SELECT format('the refund of order %s is under way since %s', order_id, updated_at) FROM "order".orders
        WHERE refund = 'requested'`
  },
  {
    id: "G12",
    says: "every idempotency key has its answer, and none is in progress past its time",
    breaches: (sql) =>
      sql`SELECT format('key %s of %s has no answer', key, owner) AS breach FROM "order".idempotency_keys
        WHERE status IS NULL OR body IS NULL OR (NOT sealed AND open_until < now() - interval '1 minute' AND status IS NULL)`
  },
  {
    id: "R1",
    says: "the read model says what the orders say",
    breaches: (sql) =>
      sql`SELECT format('order %s is %s at %s, its summary %s at %s', o.order_id, o.status, o.version,
          coalesce(s.status, 'missing'), s.version) AS breach
        FROM "order".orders AS o LEFT JOIN "order".order_summaries AS s USING (order_id)
        WHERE s.version IS DISTINCT FROM o.version OR s.status <> o.status OR s.customer_id <> o.customer_id
          OR s.total_amount <> o.total_amount OR (s.refund_requested_amount, s.refunded_amount, s.refund_failed_amount)
            <> (o.refund_requested_amount, o.refunded_amount, o.refund_failed_amount)`
  },
  {
    id: "M4",
    says: "of each order's refunds, the sums are those of their last steps, and no more than was charged went back",
    breaches: (sql) =>
      sql`
        WITH refunds AS (
          SELECT DISTINCT ON (order_id, refund_id) order_id, status, amount FROM "order".order_refund_steps
          WHERE reason NOT IN ('extra_charge', 'amount_mismatch') ORDER BY order_id, refund_id, version DESC
        ), sums AS (
          SELECT order_id, coalesce(sum(amount) FILTER (WHERE status = 'requested'), 0) AS requested,
            coalesce(sum(amount) FILTER (WHERE status = 'refunded'), 0) AS refunded,
            coalesce(sum(amount) FILTER (WHERE status = 'failed'), 0) AS failed
          FROM refunds GROUP BY order_id
        )
        SELECT format('order %s at %s has refunds of %s, %s and %s; their steps say %s, %s and %s', o.order_id,
          o.total_amount, o.refund_requested_amount, o.refunded_amount, o.refund_failed_amount, coalesce(s.requested, 0),
          coalesce(s.refunded, 0), coalesce(s.failed, 0)) AS breach
        FROM "order".orders AS o LEFT JOIN sums AS s USING (order_id)
        WHERE (o.refund_requested_amount, o.refunded_amount, o.refund_failed_amount)
            <> (coalesce(s.requested, 0), coalesce(s.refunded, 0), coalesce(s.failed, 0))
          OR o.refund_requested_amount + o.refunded_amount > o.total_amount`
  }
]
