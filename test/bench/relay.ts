import { SqlClient } from "@effect/sql"
import * as Postgres from "@quartet/hosting/Postgres"
import { Broker } from "@quartet/messaging/Broker"
import { MessageId } from "@quartet/messaging/Message"
import * as Messaging from "@quartet/messaging/Messaging"
import { messagingMigrations } from "@quartet/messaging/Migrations"
import * as Relay from "@quartet/messaging/Relay"
import { Clock, Effect, Exit, Layer, Queue, Schedule } from "effect"
import { perSecond, rate } from "./Measured.ts"

/** The schema of a service that only speaks. */
export const Outboxes = Layer.fresh(Layer.provideMerge(
  Messaging.layer,
  Postgres.layer({ service: "relay", migrations: messagingMigrations })
))

/** A broker that confirms at once, so that the relay alone is measured. */
const confirming = Broker.of({
  publish: () => Effect.void,
  unsafePublish: (_, told) => queueMicrotask(() => told(Exit.void)),
  deliveries: () => Queue.bounded(1),
  ready: Effect.succeed(true)
})

/** As long as a message is on the whole. */
export const body = "x".repeat(800)

/** Appends so many messages, of a thousand subjects. */
export const fill = (rows: number) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql`
      WITH appended AS (
        INSERT INTO outbox (message_id, type, subject, envelope)
        SELECT gen_random_uuid(), 'order.placed.v1', 'subject ' || n % 1000, ${body}
        FROM generate_series(1, ${rows}::integer) AS n RETURNING seq
      )
      INSERT INTO outbox_unsent SELECT seq FROM appended`)

const unsent = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql<{ n: string }>`SELECT count(*) AS n FROM outbox_unsent`,
    ([row]) => Number(row?.n)
  ))

/** The oldest row that waits, by the index that the relay itself uses: to count them all would take a processor away. */
const oldestUnsent = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`SELECT seq FROM outbox_unsent WHERE due_at IS NULL ORDER BY seq LIMIT 1`
)

export const untilSent = Effect.repeat(oldestUnsent, {
  schedule: Schedule.spaced("10 millis"),
  until: (rows) => rows.length === 0
})

/** What one writes first: look every 200 ms, take 50, publish and mark one after the other. */
const naiveLoop = (seconds: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const end = (yield* Clock.currentTimeMillis) + seconds * 1000
    let sent = 0
    while ((yield* Clock.currentTimeMillis) < end) {
      const rows = yield* sql<{ seq: string; message_id: string }>`
        SELECT seq, message_id, envelope FROM outbox_unsent JOIN outbox USING (seq) ORDER BY seq LIMIT 50`
      for (const row of rows) {
        yield* confirming.publish({ id: MessageId.make(row.message_id), type: "", subject: "", body: "" })
        yield* sql`DELETE FROM outbox_unsent WHERE seq = ${row.seq}`
        sent += 1
      }
      yield* Effect.sleep("200 millis")
    }
    return sent / seconds
  })

/** Rows said and marked in a second, against the naive loop on the same table. */
export const relay = Effect.gen(function*() {
  yield* fill(5000)
  const naive = yield* naiveLoop(4)
  yield* fill(30_000)
  const waiting = yield* unsent
  const ours = yield* perSecond(
    waiting,
    Effect.scoped(Effect.zipRight(Effect.provideService(Relay.make(), Broker, confirming), untilSent))
  )
  return [rate("relay, rows published and marked", "rows/s", ours, naive, 30)]
}).pipe(Effect.provide(Outboxes))
