import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { Context, Duration, Effect, Layer, Option, Schema } from "effect"
import { textOf } from "./Json.ts"
import type { Claimed, KeyClaim } from "./KeyClaim.ts"
import { Answer, RequestKey } from "./KeyClaim.ts"
import { rowsAs } from "./transaction/Rows.ts"
import type { Statement } from "./transaction/Statement.ts"
import { raw, statement } from "./transaction/Statement.ts"
import type { Transaction } from "./transaction/Transaction.ts"
import { isOpen } from "./transaction/Transaction.ts"

/**
 * `idempotency_keys`: one row for each customer and key, written in the transaction that does the request's work.
 * Source: draft-ietf-httpapi-idempotency-key-header.
 */
export class IdempotencyKeys extends Context.Tag("@quartet/messaging/IdempotencyKeys")<IdempotencyKeys, {
  /**
   * Makes the answer the key's last word, unless it had one already or its time is up, when a repetition may have been
   * given the earlier answer; returns the last word.
   */
  readonly seal: (key: RequestKey, answer: Answer) => Effect.Effect<Answer, SqlError.SqlError>
  /** Deletes sealed keys older than this; returns how many. */
  readonly expire: (age: Duration.Duration) => Effect.Effect<number, SqlError.SqlError>
}>() {}

const HeadersJson = Schema.parseJson(Answer.fields.headers)

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

const keyRows = rowsAs(RequestKey)
const storedRows = rowsAs(StoredRow)

const nameOf = ({ key, owner }: RequestKey): string => `${owner}\n${key}`

const toRow = ({ fingerprint, key, open, owner }: KeyClaim) => ({
  owner,
  key,
  fingerprint,
  openSeconds: Option.getOrNull(Option.map(open, Duration.toSeconds))
})

const answerOf = (row: StoredRow): Claimed =>
  row.open || row.status === null || row.body === null
    ? { _tag: "InProgress" }
    : { _tag: "Stored", answer: { status: row.status, headers: row.headers ?? {}, body: row.body } }

const insert = (claims: ReadonlyArray<KeyClaim>): Statement =>
  statement`
    INSERT INTO idempotency_keys (owner, key, fingerprint, sealed, open_until)
    SELECT owner, key, fingerprint, "openSeconds" IS NULL, now() + "openSeconds" * interval '1 second'
    FROM json_to_recordset(${textOf(claims.map(toRow))}::json)
      AS r (owner text, key text, fingerprint text, "openSeconds" float8)
    WHERE ${raw(isOpen)}
    ORDER BY owner, key
    ON CONFLICT DO NOTHING
    RETURNING owner, key`

const select = (claims: ReadonlyArray<RequestKey>): Statement =>
  statement`
    SELECT k.owner, k.key, k.fingerprint, NOT k.sealed AND k.open_until > now() AS open, k.status, k.headers, k.body
    FROM idempotency_keys AS k
    JOIN json_to_recordset(${textOf(claims.map(({ key, owner }) => ({ owner, key })))}::json)
      AS r (owner text, key text) USING (owner, key)`

/**
 * Claims keys: inserts first and reads afterwards, so that two instances never both find nothing. Answers in the claims'
 * order; of two with the same key and other fingerprints the first is the key's.
 */
export const claim = async (
  { query }: Transaction,
  claims: ReadonlyArray<KeyClaim>
): Promise<ReadonlyArray<Claimed>> => {
  if (claims.length === 0) return []
  const firsts = new Map(claims.toReversed().map((claim) => [nameOf(claim), claim]))
  const inserted = keyRows(await query(insert([...firsts.values()])))
  const fresh = new Map(inserted.map((row) => [nameOf(row), firsts.get(nameOf(row))?.fingerprint ?? ""]))
  const others = [...firsts.values()].filter((claim) => !fresh.has(nameOf(claim)))
  const known = others.length === 0 ? [] : storedRows(await query(select(others)))
  const byName = new Map(known.map((row) => [nameOf(row), row]))
  return claims.map((claim) => outcomeOf(claim, fresh.get(nameOf(claim)), byName.get(nameOf(claim))))
}

const outcomeOf = (claim: KeyClaim, ours: string | undefined, row: StoredRow | undefined): Claimed => {
  if (ours !== undefined) return { _tag: ours === claim.fingerprint ? "Fresh" : "Reused" }
  if (row === undefined) return { _tag: "InProgress" } // expired between the two statements; asked again it is fresh
  return row.fingerprint === claim.fingerprint ? answerOf(row) : { _tag: "Reused" }
}

/** Keeps the answers of claimed keys. */
export const answer = (answers: ReadonlyArray<RequestKey & { readonly answer: Answer }>): Statement => {
  const rows = answers.map(({ answer: { body, headers, status }, key, owner }) => ({
    owner,
    key,
    status,
    headers: textOf(headers),
    body
  }))
  return statement`
    UPDATE idempotency_keys AS k SET status = r.status, headers = r.headers, body = r.body
    FROM json_to_recordset(${textOf(rows)}::json)
      AS r (owner text, key text, status integer, headers text, body text)
    WHERE k.owner = r.owner AND k.key = r.key`
}

/** Gives keys back: their requests were refused before anything was done. */
export const unclaim = (keys: ReadonlyArray<RequestKey>): Statement =>
  statement`
    DELETE FROM idempotency_keys WHERE (owner, key) IN (
      SELECT owner, key FROM json_to_recordset(${textOf(keys.map(({ key, owner }) => ({ owner, key })))}::json)
        AS r (owner text, key text))`

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
  Effect.map(SqlClient.SqlClient, (sql) =>
    IdempotencyKeys.of({
      seal: makeSeal(sql),
      expire: Effect.fnUntraced(function*(age: Duration.Duration) {
        const rows = yield* sql`
          DELETE FROM idempotency_keys
          WHERE created_at < now() - ${Duration.toSeconds(age)} * interval '1 second'
            AND (sealed OR open_until < now())
          RETURNING 1`
        return rows.length
      })
    }))
)
