import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { Context, Duration, Effect, Layer, Option, Schema } from "effect"
import { isOpen } from "./internal/session.ts"
import { textOf } from "./Json.ts"
import type { Claimed, KeyClaim } from "./KeyClaim.ts"
import { Answer, RequestKey } from "./KeyClaim.ts"
import type { Transaction } from "./Transaction.ts"
import type { Write } from "./Write.ts"
import { write } from "./Write.ts"

/**
 * `idempotency_keys`: one row for each customer and key, written in the transaction that does the request's work.
 * Source: draft-ietf-httpapi-idempotency-key-header.
 */
export class IdempotencyKeys extends Context.Tag("@quartet/messaging/IdempotencyKeys")<IdempotencyKeys, {
  /**
   * Inserts first and reads afterwards, so that two instances never both find nothing. Answers in the claims' order; of
   * two with the same key and other fingerprints the first is the key's.
   */
  readonly claim: (
    claims: ReadonlyArray<KeyClaim>
  ) => Effect.Effect<ReadonlyArray<Claimed>, SqlError.SqlError, Transaction>
  /** Keeps the answers of claimed keys. */
  readonly answer: (answers: ReadonlyArray<RequestKey & { readonly answer: Answer }>) => Write
  /** Gives keys back: their requests were refused before anything was done. */
  readonly unclaim: (keys: ReadonlyArray<RequestKey>) => Write
  /**
   * Makes the answer the key's last word, unless it had one already or its time is up, when a repetition may have been
   * given the earlier answer; returns the last word.
   */
  readonly seal: (key: RequestKey, answer: Answer) => Effect.Effect<Answer, SqlError.SqlError>
  /** Deletes sealed keys older than this; returns how many. */
  readonly expire: (age: Duration.Duration) => Effect.Effect<number, SqlError.SqlError>
}>() {}

const HeadersJson = Schema.parseJson(Answer.fields.headers)
const ClaimRow = Schema.Struct({
  owner: Schema.String,
  key: Schema.String,
  fingerprint: Schema.String,
  openSeconds: Schema.NullOr(Schema.Number)
})

const StoredRow = Schema.Struct({
  owner: Schema.String,
  key: Schema.String,
  fingerprint: Schema.String,
  open: Schema.Boolean,
  status: Schema.NullOr(Schema.Int),
  headers: Schema.NullOr(HeadersJson),
  body: Schema.NullOr(Schema.String)
})
type StoredRow = typeof StoredRow.Type

const nameOf = ({ key, owner }: RequestKey): string => `${owner}\n${key}`

const toRow = ({ fingerprint, key, open, owner }: KeyClaim): typeof ClaimRow.Type => ({
  owner,
  key,
  fingerprint,
  openSeconds: Option.getOrNull(Option.map(open, Duration.toSeconds))
})

const answerOf = (row: StoredRow): Claimed =>
  row.open || row.status === null || row.body === null
    ? { _tag: "InProgress" }
    : { _tag: "Stored", answer: { status: row.status, headers: row.headers ?? {}, body: row.body } }

const makeInsert = (sql: SqlClient.SqlClient) =>
  SqlSchema.findAll({
    Request: Schema.Array(ClaimRow),
    Result: RequestKey,
    execute: (claims) =>
      sql`
        INSERT INTO idempotency_keys (owner, key, fingerprint, sealed, open_until)
        SELECT owner, key, fingerprint, "openSeconds" IS NULL, now() + "openSeconds" * interval '1 second'
        FROM json_to_recordset(${textOf(claims)}::json)
          AS r (owner text, key text, fingerprint text, "openSeconds" float8)
        WHERE ${sql.literal(isOpen)}
        ORDER BY owner, key
        ON CONFLICT DO NOTHING
        RETURNING owner, key`
  })

const makeStored = (sql: SqlClient.SqlClient) =>
  SqlSchema.findAll({
    Request: Schema.Array(RequestKey),
    Result: StoredRow,
    execute: (keys) =>
      sql`
        SELECT k.owner, k.key, k.fingerprint, NOT k.sealed AND k.open_until > now() AS open, k.status, k.headers, k.body
        FROM idempotency_keys AS k
        JOIN json_to_recordset(${textOf(keys)}::json) AS r (owner text, key text) USING (owner, key)`
  })

const makeClaim = (sql: SqlClient.SqlClient) => {
  const insert = makeInsert(sql)
  const stored = makeStored(sql)
  const settle = (
    claim: KeyClaim,
    fresh: ReadonlyMap<string, string>,
    known: ReadonlyMap<string, StoredRow>
  ): Claimed => {
    const ours = fresh.get(nameOf(claim))
    if (ours !== undefined) return { _tag: ours === claim.fingerprint ? "Fresh" : "Reused" }
    const row = known.get(nameOf(claim))
    if (row === undefined) return { _tag: "InProgress" } // expired between the two statements; asked again it is fresh
    return row.fingerprint === claim.fingerprint ? answerOf(row) : { _tag: "Reused" }
  }
  return Effect.fnUntraced(function*(claims: ReadonlyArray<KeyClaim>) {
    if (claims.length === 0) return []
    const firsts = new Map(claims.toReversed().map((claim) => [nameOf(claim), claim]))
    const inserted = yield* insert([...firsts.values()].map(toRow))
    const fresh = new Map(inserted.map((row) => [nameOf(row), firsts.get(nameOf(row))?.fingerprint ?? ""]))
    const others = [...firsts.values()].filter((claim) => !fresh.has(nameOf(claim)))
    const known = others.length === 0 ? [] : yield* stored(others)
    const byName = new Map(known.map((row) => [nameOf(row), row]))
    return claims.map((claim) => settle(claim, fresh, byName))
  }, Effect.catchTag("ParseError", Effect.die))
}

const makeSeal = (sql: SqlClient.SqlClient) => {
  const seal = SqlSchema.single({
    Request: Schema.Struct({ ...RequestKey.fields, status: Schema.Int, headers: HeadersJson, body: Schema.String }),
    Result: Schema.Struct({ status: Schema.Int, headers: HeadersJson, body: Schema.String }),
    execute: ({ body, headers, key, owner, status }) =>
      sql`
        UPDATE idempotency_keys SET
          status = CASE WHEN sealed OR open_until <= now() THEN status ELSE ${status}::integer END,
          headers = CASE WHEN sealed OR open_until <= now() THEN headers ELSE ${headers} END,
          body = CASE WHEN sealed OR open_until <= now() THEN body ELSE ${body} END,
          sealed = true
        WHERE owner = ${owner} AND key = ${key}
        RETURNING status, headers, body`
  })
  return Effect.fn("IdempotencyKeys.seal")((key: RequestKey, answer: Answer) =>
    seal({ owner: key.owner, key: key.key, ...answer }).pipe(
      Effect.catchTags({
        NoSuchElementException: () => Effect.succeed(answer), // expired meanwhile: nobody can be told otherwise
        ParseError: Effect.die
      })
    )
  )
}

export const layer: Layer.Layer<IdempotencyKeys, never, SqlClient.SqlClient> = Layer.effect(
  IdempotencyKeys,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const answer = (answers: ReadonlyArray<RequestKey & { readonly answer: Answer }>) => {
      const rows = textOf(
        answers.map(({ answer: { body, headers, status }, key, owner }) => ({
          owner,
          key,
          status,
          headers: textOf(headers),
          body
        }))
      )
      return write(sql`
        UPDATE idempotency_keys AS k SET status = r.status, headers = r.headers, body = r.body
        FROM json_to_recordset(${rows}::json) AS r (owner text, key text, status integer, headers text, body text)
        WHERE k.owner = r.owner AND k.key = r.key`)
    }
    const unclaim = (keys: ReadonlyArray<RequestKey>) =>
      write(sql`
        DELETE FROM idempotency_keys WHERE (owner, key) IN (
          SELECT owner, key FROM json_to_recordset(${textOf(keys)}::json) AS r (owner text, key text))`)
    const expire = Effect.fnUntraced(function*(age: Duration.Duration) {
      const rows = yield* sql`
        DELETE FROM idempotency_keys
        WHERE created_at < now() - ${Duration.toSeconds(age)} * interval '1 second'
          AND (sealed OR open_until < now())
        RETURNING 1`
      return rows.length
    })
    return IdempotencyKeys.of({ claim: makeClaim(sql), answer, unclaim, seal: makeSeal(sql), expire })
  })
)
