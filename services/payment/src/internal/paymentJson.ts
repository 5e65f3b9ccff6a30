/**
 * A payment as one JSON value that its schema decodes, from `payments AS p` and its attempt `AS a`. Columns of other
 * conditions are null and left unread.
 */
export const paymentJson = `json_build_object(
  '_tag', p.status, 'orderId', p.order_id, 'version', p.version, 'try', p.try, 'parked', p.parked,
  'begunAt', a.begun_at, 'intentId', p.intent_id, 'cancelWanted', p.cancel_wanted, 'cancelReason', p.cancel_reason,
  'nextAction', json_strip_nulls(json_build_object('type', p.action_type, 'url', p.action_url)),
  'actionSince', p.action_since, 'reason', p.reason,
  'taken', json_build_object('amount', p.taken_amount, 'currency', p.taken_currency),
  'charge', json_build_object('paymentId', p.payment_id, 'attempt', p.attempt, 'customerId', a.customer_id,
    'paymentMethodId', a.payment_method_id, 'amount', json_build_object('amount', a.amount, 'currency', a.currency),
    'idempotencyKey', a.idempotency_key, 'apiVersion', a.api_version),
  'refunds', coalesce((
    SELECT json_agg(json_build_object('refundId', r.refund_id, 'cause', r.cause, 'status', r.status, 'try', r.try,
      'amount', json_build_object('amount', r.amount, 'currency', r.currency), 'intentId', r.intent_id,
      'providerId', r.provider_id, 'begunAt', r.begun_at,
      'settlement', CASE WHEN r.settled_at IS NOT NULL THEN
        json_build_object('because', r.settled_because, 'settledBy', r.settled_by) END) ORDER BY r.refund_id)
    FROM refunds AS r WHERE r.order_id = p.order_id), '[]'))`
