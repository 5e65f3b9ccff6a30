/**
 * What the order service's actor sends to PostgreSQL for a batch of new orders, statement by statement and word by word, for
 * a baseline without it. Named, so that each is parsed and planned once for a connection, as it is in the service.
 */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly values: Array<string | number>
}

const text = (values: unknown): string => JSON.stringify(values)

export const claim = (consumer: string, messages: ReadonlyArray<unknown>): Statement => ({
  name: "claim",
  text: `
    WITH claimed AS (
      INSERT INTO processed_messages (consumer, message_id, type, subject)
      SELECT $1, "messageId", type, subject
      FROM json_to_recordset($2::json) AS r ("messageId" uuid, type text, subject text)
      ORDER BY "messageId"
      ON CONFLICT DO NOTHING
      RETURNING message_id
    )
    SELECT now() AS now, coalesce((SELECT json_agg(message_id) FROM claimed), '[]') AS fresh`,
  values: [consumer, text(messages)]
})

export const orders = (ids: ReadonlyArray<string>): Statement => ({
  name: "orders",
  text: `
    SELECT o.status AS "_tag", o.order_id AS "orderId", o.customer_id AS "customerId", o.version, o.refund,
      json_build_object('amount', o.total_amount, 'currency', o.total_currency) AS total,
      o.placed_at AS "placedAt", o.updated_at AS "updatedAt", o.hold_until AS "holdUntil", o.attempt,
      CASE WHEN o.next_action_type IS NOT NULL THEN json_strip_nulls(
        json_build_object('type', o.next_action_type, 'url', o.next_action_url)) END AS "nextAction",
      o.cancelling, o.shipment_id AS "shipmentId", o.reason, (
        SELECT json_agg(json_build_object('sku', l.sku, 'name', l.name, 'quantity', l.quantity, 'unitPrice',
          json_build_object('amount', l.unit_amount, 'currency', l.unit_currency)) ORDER BY l.position)
        FROM order_lines AS l WHERE l.order_id = o.order_id) AS lines
    FROM orders AS o
    WHERE o.order_id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text($1::json)))
    ORDER BY o.order_id FOR UPDATE OF o`,
  values: [text(ids)]
})

export const products = (skus: ReadonlyArray<string>): Statement => ({
  name: "products",
  text: `
    SELECT sku, name, json_build_object('amount', price_amount, 'currency', price_currency) AS price FROM products
    WHERE sku = ANY (ARRAY(SELECT value FROM json_array_elements_text($1::json)))`,
  values: [text(skus)]
})

export const standings = (
  customers: ReadonlyArray<string>,
  openOrders: number,
  failedPayments: number
): Statement => ({
  name: "standings",
  text: `
    SELECT c.id AS "customerId", o.count AS "openOrders", f.count AS "failedPayments", f.oldest AS "oldestFailure"
    FROM json_array_elements_text($1::json) AS c (id)
    CROSS JOIN LATERAL (SELECT count(*)::integer AS count FROM (
      SELECT 1 FROM orders WHERE customer_id = c.id AND status IN ('Draft', 'Reserved', 'PaymentPending')
      LIMIT $2::integer) AS open) AS o
    CROSS JOIN LATERAL (SELECT count(*)::integer AS count, min(at) AS oldest FROM (
      SELECT t.at FROM orders AS o JOIN order_transitions AS t ON t.order_id = o.order_id
      WHERE o.customer_id = c.id AND o.status IN ('Failed', 'Cancelled')
        AND o.updated_at > now() - interval '1 hour' AND t.at > now() - interval '1 hour'
        AND t.from_status = 'PaymentPending' AND t.to_status IN ('Failed', 'Cancelled')
      ORDER BY t.at DESC LIMIT $3::integer) AS failed) AS f`,
  values: [text(customers), openOrders, failedPayments]
})

export const save = (rows: ReadonlyArray<unknown>, transitions: ReadonlyArray<unknown>): Statement => ({
  name: "save",
  text: `
    WITH changed AS (
      SELECT * FROM json_to_recordset($1::json) AS r (
        "orderId" uuid, "customerId" text, status text, version integer, amount bigint, currency text, refund text,
        "placedAt" timestamptz, "updatedAt" timestamptz, "holdUntil" timestamptz, attempt integer,
        "nextActionType" text, "nextActionUrl" text, cancelling boolean, "shipmentId" uuid, reason text, lines json,
        "isNew" boolean)
    ), inserted AS (
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
    ), updated AS (
      UPDATE orders AS o SET
        status = c.status, version = c.version, refund = c.refund, updated_at = c."updatedAt",
        hold_until = c."holdUntil", attempt = c.attempt, next_action_type = c."nextActionType",
        next_action_url = c."nextActionUrl", cancelling = c.cancelling, shipment_id = c."shipmentId",
        reason = c.reason
      FROM changed AS c WHERE o.order_id = c."orderId" AND NOT c."isNew"
    )
    INSERT INTO order_transitions
      (order_id, version, from_status, to_status, event, cause, correlation, actor, at)
    SELECT key, version, "fromStatus", "toStatus", event, cause, correlation, actor, at
    FROM json_to_recordset($2::json) AS t (
      key uuid, version integer, "fromStatus" text, "toStatus" text, event text, cause text, correlation text,
      actor text, at timestamptz)`,
  values: [text(rows), text(transitions)]
})

export const append = (messages: ReadonlyArray<unknown>): Statement => ({
  name: "append",
  text: `
    WITH appended AS (
      INSERT INTO outbox (message_id, type, subject, envelope, due_at)
      SELECT message_id, type, subject, envelope, due_at
      FROM ROWS FROM (json_to_recordset($1::json)
        AS (message_id uuid, type text, subject text, envelope text, due_at timestamptz)) WITH ORDINALITY
        AS r (message_id, type, subject, envelope, due_at, position)
      ORDER BY position RETURNING seq, due_at
    )
    INSERT INTO outbox_unsent (seq, due_at) SELECT seq, due_at FROM appended`,
  values: [text(messages)]
})
