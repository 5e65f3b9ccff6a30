import type { SqlClient } from "@effect/sql"
import { subscriptions } from "@quartet/contracts/Catalog"
import { Schema } from "effect"
import type { Law } from "./Law.ts"

/** Who must have processed what: a row for each consumer and type it hears. */
const expected = Schema.encodeSync(
  Schema.parseJson(Schema.Array(Schema.Struct({ consumer: Schema.String, type: Schema.String })))
)(subscriptions.flatMap(({ consumer, types }) => types.map((type) => ({ consumer, type }))))

/** What the four services said, processed and parked, together. */
const everything = (sql: SqlClient.SqlClient) =>
  sql`said AS (
    SELECT 'order' AS schema, message_id, type, subject, envelope, due_at, seq IN (SELECT seq FROM "order".outbox_unsent) AS waits
      FROM "order".outbox
    UNION ALL SELECT 'payment', message_id, type, subject, envelope, due_at, seq IN (SELECT seq FROM payment.outbox_unsent)
      FROM payment.outbox
    UNION ALL SELECT 'inventory', message_id, type, subject, envelope, due_at, seq IN (SELECT seq FROM inventory.outbox_unsent)
      FROM inventory.outbox
    UNION ALL SELECT 'warehouse', message_id, type, subject, envelope, due_at, seq IN (SELECT seq FROM warehouse.outbox_unsent)
      FROM warehouse.outbox
  ), processed AS (
    SELECT consumer, message_id FROM "order".processed_messages
    UNION ALL SELECT consumer, message_id FROM payment.processed_messages
    UNION ALL SELECT consumer, message_id FROM inventory.processed_messages
    UNION ALL SELECT consumer, message_id FROM warehouse.processed_messages
  ), parked AS (
    SELECT consumer, message_id, type, reason FROM "order".parked_messages WHERE replayed_at IS NULL AND discarded_at IS NULL
    UNION ALL SELECT consumer, message_id, type, reason FROM payment.parked_messages
      WHERE replayed_at IS NULL AND discarded_at IS NULL
    UNION ALL SELECT consumer, message_id, type, reason FROM inventory.parked_messages
      WHERE replayed_at IS NULL AND discarded_at IS NULL
    UNION ALL SELECT consumer, message_id, type, reason FROM warehouse.parked_messages
      WHERE replayed_at IS NULL AND discarded_at IS NULL
  )`

export const messageLaws: ReadonlyArray<Law> = [
  {
    id: "G9",
    says: "everything that was to be said was said, and everybody who listens has handled it",
    breaches: (sql) =>
      sql`WITH ${everything(sql)}
        SELECT format('%s %s of %s was not published', type, message_id, schema) AS breach FROM said
        WHERE waits AND (due_at IS NULL OR due_at < now())
        UNION ALL
        SELECT format('%s %s was published and not handled by %s', s.type, s.message_id, e.consumer)
        FROM said AS s JOIN json_to_recordset(${expected}::json) AS e (consumer text, type text) USING (type)
        LEFT JOIN processed AS p
          ON p.message_id = s.message_id AND p.consumer = CASE e.consumer WHEN 'payment-gateway' THEN 'payment' ELSE e.consumer END
        LEFT JOIN parked AS k ON k.message_id = s.message_id::text
        WHERE NOT s.waits AND p.message_id IS NULL AND k.message_id IS NULL`
  },
  {
    id: "G11",
    says: "no message waits for a person",
    breaches: (sql) =>
      sql`WITH ${everything(sql)}
        SELECT format('%s %s is parked by %s: %s', type, message_id, consumer, reason) AS breach FROM parked`
  },
  {
    id: "G13",
    says: "every message has a cause that exists: a message before it, an event of the provider, or the first request",
    breaches: (sql) =>
      // Picked out as text: one envelope that is no JSON must not hide what is wrong with the others.
      sql`WITH ${everything(sql)}, letters AS (
          SELECT message_id, type, substring(envelope FROM '"causationid" *: *"([^"]*)"') AS cause,
            substring(envelope FROM '"correlationid" *: *"([^"]*)"') AS correlation
          FROM said
        )
        SELECT format('%s %s was caused by %s, which nobody said', l.type, l.message_id, coalesce(l.cause, 'nothing')) AS breach
        FROM letters AS l LEFT JOIN said AS c ON c.message_id::text = l.cause
        LEFT JOIN payment.provider_events AS e ON e.event_id = l.cause
        WHERE c.message_id IS NULL AND e.event_id IS NULL AND (l.cause IS NULL OR l.cause IS DISTINCT FROM l.correlation)`
  }
]
