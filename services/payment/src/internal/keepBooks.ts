import type { SqlClient } from "@effect/sql"
import type { Write } from "@quartet/messaging/Write"
import { write } from "@quartet/messaging/Write"

/** What one batch changed, each kind as the text of a JSON array. */
export interface Changes {
  readonly payments: string
  readonly transitions: string
  readonly events: string
}

/** Keeps all of it in one statement: rows that are new are inserted, the others updated, and histories appended to. */
export const keepBooks = (
  sql: SqlClient.SqlClient,
  { events, payments, transitions }: Changes
): Write =>
  write(sql`
    WITH changed AS (
      SELECT (r->>'isNew')::boolean AS is_new, (r->>'returned')::bigint AS returned, r->'state' AS s,
        (r->'state'->>'orderId')::uuid AS order_id, r->'state'->'charge' AS charge,
        (r->'knownRefunds')::jsonb AS known,
        CASE r->'state'->>'_tag' WHEN 'Succeeded' THEN r->'state'->'charge'->'amount'
          ELSE r->'state'->'taken' END AS taken
      FROM json_array_elements(${payments}::json) AS r
    ),
    ${keepPayments(sql)},
    ${keepAttempts(sql)},
    ${keepRefunds(sql)},
    heard AS (
      INSERT INTO provider_events (event_id, type, object_id, order_id, outcome, reason, created_at)
      SELECT e."eventId", e.type, e."objectId", e."orderId",
        CASE WHEN e.reason IS NULL THEN 'applied' ELSE 'ignored' END, e.reason, e."createdAt"
      FROM json_to_recordset(${events}::json) AS e (
        "eventId" text, type text, "objectId" text, "orderId" uuid, reason text, "createdAt" timestamptz)
      ORDER BY e."eventId"
    )
    INSERT INTO payment_transitions
      (order_id, version, from_status, to_status, event, cause, correlation, actor, at)
    SELECT key, version, "fromStatus", "toStatus", event, cause, correlation, actor, at
    FROM json_to_recordset(${transitions}::json) AS t (
      key uuid, version integer, "fromStatus" text, "toStatus" text, event text, cause text, correlation text,
      actor text, at timestamptz)`)

const keepPayments = (sql: SqlClient.SqlClient) =>
  sql`
    opened AS (
      INSERT INTO payments (order_id, status, version, payment_id, attempt, try, intent_id, cancel_wanted,
        cancel_reason, reason, action_type, action_url, action_since, taken_amount, taken_currency, returned_amount,
        parked, updated_at)
      SELECT order_id, s->>'_tag', (s->>'version')::integer, (charge->>'paymentId')::uuid,
        (charge->>'attempt')::integer, (s->>'try')::integer, s->>'intentId', (s->>'cancelWanted')::boolean,
        s->>'cancelReason', s->>'reason', s->'nextAction'->>'type', s->'nextAction'->>'url',
        (s->>'actionSince')::timestamptz, (taken->>'amount')::bigint, taken->>'currency', returned,
        coalesce((s->>'parked')::boolean, false), now()
      FROM changed WHERE is_new ORDER BY order_id
    ), progressed AS (
      UPDATE payments AS p SET status = s->>'_tag', version = (s->>'version')::integer,
        payment_id = (charge->>'paymentId')::uuid, attempt = (charge->>'attempt')::integer,
        try = (s->>'try')::integer, intent_id = s->>'intentId', cancel_wanted = (s->>'cancelWanted')::boolean,
        cancel_reason = s->>'cancelReason', reason = s->>'reason', action_type = s->'nextAction'->>'type',
        action_url = s->'nextAction'->>'url', action_since = (s->>'actionSince')::timestamptz,
        taken_amount = (taken->>'amount')::bigint, taken_currency = taken->>'currency', returned_amount = returned,
        parked = coalesce((s->>'parked')::boolean, false), updated_at = now()
      FROM changed AS c WHERE p.order_id = c.order_id AND NOT c.is_new
    )`

/** What was once learned of an attempt stays known, also when the payment is over. */
const keepAttempts = (sql: SqlClient.SqlClient) =>
  sql`
    attempted AS (
      INSERT INTO payment_attempts (order_id, attempt, payment_id, customer_id, payment_method_id, amount, currency,
        idempotency_key, api_version, begun_at, intent_id)
      SELECT order_id, (charge->>'attempt')::integer, (charge->>'paymentId')::uuid, charge->>'customerId',
        charge->>'paymentMethodId', (charge->'amount'->>'amount')::bigint, charge->'amount'->>'currency',
        charge->>'idempotencyKey', charge->>'apiVersion', (s->>'begunAt')::timestamptz, s->>'intentId'
      FROM changed WHERE is_new AND charge IS NOT NULL ORDER BY order_id
    ), learned AS (
      UPDATE payment_attempts AS a SET begun_at = coalesce((s->>'begunAt')::timestamptz, a.begun_at),
        intent_id = coalesce(s->>'intentId', a.intent_id)
      FROM changed AS c
      WHERE a.order_id = c.order_id AND a.attempt = (charge->>'attempt')::integer AND NOT c.is_new
    )`

const keepRefunds = (sql: SqlClient.SqlClient) =>
  sql`
    refund AS (
      SELECT c.order_id, f AS r, (f->>'refundId')::uuid AS refund_id, NOT c.known ? (f->>'refundId') AS is_new
      FROM changed AS c CROSS JOIN json_array_elements(c.s->'refunds') AS f
    ), owed AS (
      INSERT INTO refunds (refund_id, order_id, cause, status, amount, currency, try, intent_id, provider_id,
        begun_at, updated_at)
      SELECT refund_id, order_id, r->>'cause', r->>'status', (r->'amount'->>'amount')::bigint,
        r->'amount'->>'currency', (r->>'try')::integer, r->>'intentId', r->>'providerId',
        (r->>'begunAt')::timestamptz, now()
      FROM refund WHERE is_new ORDER BY refund_id
    ), repaid AS (
      UPDATE refunds AS f SET status = r->>'status', amount = (r->'amount'->>'amount')::bigint,
        try = (r->>'try')::integer, intent_id = r->>'intentId', provider_id = r->>'providerId',
        begun_at = (r->>'begunAt')::timestamptz, updated_at = now(),
        settled_because = r->'settlement'->>'because', settled_by = r->'settlement'->>'settledBy',
        settled_at = CASE WHEN r->'settlement'->>'because' IS NOT NULL THEN coalesce(f.settled_at, now()) END
      FROM refund WHERE f.refund_id = refund.refund_id AND NOT refund.is_new
    )`
