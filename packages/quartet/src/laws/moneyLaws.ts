import type { SqlClient } from "@effect/sql"
import { Currency, decimals } from "@quartet/contracts/Currency"
import { Schema } from "effect"
import type { Law, LedgerText } from "./Law.ts"

const places = Schema.encodeSync(Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Int })))(
  Object.fromEntries(Currency.literals.map((currency) => [currency, decimals(currency)]))
)

/** An amount in whole units with the decimals of its currency, as `Money.format` writes it; both are names of columns. */
const told = (sql: SqlClient.SqlClient, amount: string, currency: string) => {
  const exponent = sql`coalesce((${places}::json->>${sql.literal(currency)})::integer, 2)`
  return sql`round(${sql.literal(amount)} / power(10::numeric, ${exponent}), ${exponent}) || ' ' || ${
    sql.literal(currency)
  }`
}

/** Each order beside what the provider took and gave back for it; what failed and was paid back by hand is back as well. */
const taken = (sql: SqlClient.SqlClient, { intents, refunds }: LedgerText) =>
  sql`intents AS (
    SELECT id, status, amount_received, upper(currency) AS currency, CASE WHEN metadata->>'orderId' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        THEN (metadata->>'orderId')::uuid END AS order_id
    FROM json_to_recordset(${intents}::json)
      AS i (id text, status text, amount_received bigint, currency text, metadata json)
  ), refunds AS (
    SELECT payment_intent, sum(amount) AS amount FROM (
      SELECT payment_intent, amount
      FROM json_to_recordset(${refunds}::json) AS r (payment_intent text, amount bigint, status text)
      WHERE status NOT IN ('failed', 'canceled')
      UNION ALL
      SELECT intent_id, amount FROM payment.refunds WHERE settled_at IS NOT NULL
    ) AS r GROUP BY payment_intent
  ), taken AS (
    SELECT i.order_id, sum(i.amount_received) AS captured, coalesce(sum(r.amount), 0) AS returned,
      sum(i.amount_received) - coalesce(sum(r.amount), 0) AS net,
      count(*) FILTER (WHERE i.status = 'succeeded' AND i.amount_received > coalesce(r.amount, 0)) AS kept,
      count(*) FILTER (WHERE i.status NOT IN ('succeeded', 'canceled')) AS open, min(i.currency) AS currency
    FROM intents AS i LEFT JOIN refunds AS r ON r.payment_intent = i.id GROUP BY i.order_id
  )`

export const moneyLaws: ReadonlyArray<Law> = [
  {
    id: "G1",
    says:
      "what was taken and kept is what paid and shipped orders cost, less what was given back of it, and nothing else",
    breaches: (sql, ledger) =>
      sql`WITH ${taken(sql, ledger)}
        SELECT format('order %s is %s at %s and %s went back, but %s was kept', o.order_id, o.status,
          ${told(sql, "o.total_amount", "o.total_currency")}, ${told(sql, "o.refunded_amount", "o.total_currency")},
          ${told(sql, "coalesce(t.net, 0)", "coalesce(t.currency, o.total_currency)")}) AS breach
        FROM "order".orders AS o LEFT JOIN taken AS t USING (order_id)
        WHERE (o.status IN ('Paid', 'Shipped')
            AND (coalesce(t.net, 0) <> o.total_amount - o.refunded_amount OR t.currency <> o.total_currency))
          OR (o.status IN ('Draft', 'Reserved', 'Failed', 'Cancelled') AND coalesce(t.net, 0) <> 0)`
  },
  {
    id: "G2",
    says: "no order was charged twice, and every paid one exactly once, unless all of it was given back",
    breaches: (sql, ledger) =>
      sql`WITH ${taken(sql, ledger)}
        SELECT format('order %s is %s and has %s charges that were kept', o.order_id, o.status, coalesce(t.kept, 0)) AS breach
        FROM "order".orders AS o LEFT JOIN taken AS t USING (order_id)
        WHERE coalesce(t.kept, 0) > 1
          OR (o.status IN ('Paid', 'Shipped') AND coalesce(t.kept, 0) <> (o.refunded_amount < o.total_amount)::integer)`
  },
  {
    id: "G4",
    says: "no charge belongs to an order that does not exist, or to one that is still open at the provider",
    breaches: (sql, ledger) =>
      sql`WITH ${taken(sql, ledger)}
        SELECT format('the provider holds %s for order %s, which is %s', ${
        told(sql, "t.net", "t.currency")
      }, coalesce(t.order_id::text, 'none of ours'),
          coalesce(o.status, 'unknown')) AS breach
        FROM taken AS t LEFT JOIN "order".orders AS o USING (order_id)
        WHERE o.order_id IS NULL OR (t.open > 0 AND o.status NOT IN ('PaymentPending'))`
  },
  {
    id: "G14",
    says: "every intent at the provider is one attempt of ours, and refunds never exceed what was taken",
    breaches: (sql, ledger) =>
      sql`WITH ${taken(sql, ledger)}
        SELECT format('intent %s has no attempt', i.id) AS breach
        FROM intents AS i LEFT JOIN payment.payment_attempts AS a ON a.intent_id = i.id WHERE a.intent_id IS NULL
        UNION ALL
        SELECT format('attempt of order %s names intent %s, which the provider does not know', a.order_id, a.intent_id)
        FROM payment.payment_attempts AS a LEFT JOIN intents AS i ON i.id = a.intent_id
        WHERE a.intent_id IS NOT NULL AND i.id IS NULL
        UNION ALL
        SELECT format('order %s got %s back of %s', order_id, ${told(sql, "returned", "currency")},
          ${told(sql, "captured", "currency")}) FROM taken WHERE returned > captured
        UNION ALL
        SELECT format('payment of order %s is %s, the provider kept %s', p.order_id, p.status,
          ${told(sql, "coalesce(t.net, 0)", "coalesce(t.currency, p.taken_currency)")})
        FROM payment.payments AS p LEFT JOIN taken AS t USING (order_id)
        WHERE p.status = 'Succeeded' AND coalesce(t.net, 0) <> p.taken_amount - p.returned_amount`
  }
]
