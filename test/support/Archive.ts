import type { PgClient } from "@effect/sql-pg/PgClient"
import { Effect } from "effect"
import { until } from "./Shop.ts"

export const schemas = ["order", "payment", "inventory", "warehouse"]

/** Tables that say how messages travelled. All others are the business. */
const travel = new Set(["outbox", "outbox_unsent", "processed_messages", "parked_messages", "relay_lease"])

/** A digest of each business table's rows, whatever their order. */
export const business = Effect.fn("Archive.business")(function*(sql: PgClient) {
  const tables = yield* sql<{ schema: string; name: string }>`
    SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
    WHERE table_schema IN ${sql.in(schemas)} AND table_type = 'BASE TABLE' ORDER BY 1, 2`
  const ours = tables.filter(({ name }) => !travel.has(name) && !name.includes("migrations"))
  return yield* digestsOf(sql, ours.map(({ name, schema }) => `${schema}.${name}`))
})

/** What each service has heard, and what came of each message. */
export const heard = (sql: PgClient) =>
  Effect.map(
    Effect.forEach(schemas, (schema) =>
      sql<{ row: string }>`SELECT p::text AS row FROM ${sql(`${schema}.processed_messages`)} AS p`),
    (found) =>
      found.flat().map(({ row }) => row)
  )

const digestsOf = (sql: PgClient, tables: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(tables, (table) =>
      Effect.map(
        sql<{ digest: string }>`
          SELECT count(*) || ' rows, ' || coalesce(md5(string_agg(t::text, E'\n' ORDER BY t::text)), '') AS digest
          FROM ${sql(table)} AS t`,
        ([row]) => [table, row?.digest ?? ""] satisfies readonly [string, string]
      )),
    (digests) => new Map(digests)
  )

/** Everything that was ever said, by service; a timer that rings later is not. */
export const said = Effect.fn("Archive.said")(function*(sql: PgClient) {
  const counts = yield* Effect.forEach(schemas, (schema) =>
    Effect.map(
      sql<{ said: number }>`SELECT count(*)::integer AS said FROM ${sql(`${schema}.outbox`)}`,
      ([row]) => [schema, row?.said ?? 0] satisfies readonly [string, unknown]
    ))
  return new Map(counts)
})

/**
 * Gives each schema's outbox another order, by chance, and makes everything in it unsaid again; timers that were to ring
 * later ring now. Message ids stay what they were.
 */
export const sayAgain = Effect.fn("Archive.sayAgain")(function*(sql: PgClient) {
  for (const schema of schemas) {
    yield* sql`
      WITH gone AS (DELETE FROM ${sql(`${schema}.outbox`)} RETURNING *),
      nowhere AS (DELETE FROM ${sql(`${schema}.outbox_unsent`)}),
      again AS (
        INSERT INTO ${sql(`${schema}.outbox`)} (message_id, type, subject, envelope, due_at)
        SELECT message_id, type, subject, envelope, least(due_at, now()) FROM gone ORDER BY random() RETURNING seq, due_at
      )
      INSERT INTO ${sql(`${schema}.outbox_unsent`)} SELECT seq, due_at FROM again`
  }
})

/** Waits until everything was said. */
export const allSaid = Effect.fn("Archive.allSaid")(function*(sql: PgClient) {
  const unsaid = Effect.forEach(schemas, (schema) =>
    Effect.map(
      sql<{ unsaid: number }>`
        SELECT count(*)::integer AS unsaid FROM ${sql(`${schema}.outbox_unsent`)}`,
      ([row]) => row?.unsaid ?? 0
    ))
  yield* until(unsaid, (counts) => counts.every((count) => count === 0), "30 seconds")
})

/** Of how many orders two or more messages wait to be said. */
export const waitingTogether = (sql: PgClient, schema: string) =>
  Effect.map(
    sql`SELECT subject FROM ${sql(`${schema}.outbox`)} JOIN ${sql(`${schema}.outbox_unsent`)} AS u USING (seq)
        WHERE u.due_at IS NULL GROUP BY subject HAVING count(*) > 1`,
    (rows) => rows.length
  )

/** Lets what waits to be said change places, by chance; returns of how many orders two or more messages did. */
export const changePlaces = Effect.fn("Archive.changePlaces")(function*(sql: PgClient, schema: string) {
  const outbox = sql(`${schema}.outbox`)
  const unsent = sql(`${schema}.outbox_unsent`)
  const rows = yield* sql<{ subject: string }>`
    WITH waiting AS (DELETE FROM ${unsent} WHERE due_at IS NULL RETURNING seq),
    gone AS (DELETE FROM ${outbox} WHERE seq IN (SELECT seq FROM waiting) RETURNING *),
    again AS (
      INSERT INTO ${outbox} (message_id, type, subject, envelope)
      SELECT message_id, type, subject, envelope FROM gone ORDER BY random() RETURNING seq, subject
    ),
    moved AS (INSERT INTO ${unsent} SELECT seq FROM again)
    SELECT subject FROM again`
  const seen = new Map<string, number>()
  for (const { subject } of rows) seen.set(subject, (seen.get(subject) ?? 0) + 1)
  return [...seen.values()].filter((count) => count > 1).length
})

/** Makes some of what was said unsaid again, by chance; returns how many messages. */
export const sayTwice = Effect.fn("Archive.sayTwice")(function*(sql: PgClient, schema: string) {
  const rows = yield* sql`
    INSERT INTO ${sql(`${schema}.outbox_unsent`)} SELECT seq, due_at FROM ${sql(`${schema}.outbox`)}
    WHERE seq NOT IN (SELECT seq FROM ${sql(`${schema}.outbox_unsent`)}) ORDER BY random() LIMIT 20
    RETURNING seq`
  return rows.length
})
