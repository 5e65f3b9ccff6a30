import type { SqlError } from "@effect/sql"
import { SqlClient, SqlSchema } from "@effect/sql"
import { Sku } from "@quartet/contracts/Ids"
import type { Look, Mismatch, Reconciling } from "@quartet/hosting/Reconciling"
import { atomically } from "@quartet/messaging/Transaction"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { Account, Count, Verdict } from "./domain/Recount.ts"
import { judge } from "./domain/Recount.ts"

/**
 * Holds the levels against the ledger and the orders. It is not the actor's business, for nothing is given out or taken back: a
 * level that was changed past its ledger becomes what the ledger says, under the lock that every batch takes.
 */
export class Recount extends Context.Tag("@quartet/inventory/Recount")<Recount, Reconciling>() {}

/** So many SKUs are looked at by one statement, which sees one moment of all three books. */
const page = 200

const Units = Schema.NumberFromString.pipe(Schema.int())
const CountRow = Schema.Struct({ received: Units, onHand: Units, reserved: Units })
const AccountRow = Schema.Struct({ sku: Sku, level: CountRow, ledger: CountRow, held: Units, taken: Units })
const Skus = Schema.parseJson(Schema.Array(Sku))

const selectSkus = (sql: SqlClient.SqlClient) =>
  SqlSchema.findAll({
    Request: Schema.String,
    Result: Schema.Struct({ sku: Sku }),
    execute: (after) => sql`SELECT sku FROM stock WHERE sku > ${after} ORDER BY sku LIMIT ${page}`
  })

const selectAccounts = (sql: SqlClient.SqlClient) =>
  SqlSchema.findAll({
    Request: Skus,
    Result: AccountRow,
    execute: (skus) =>
      sql`
        WITH wanted AS MATERIALIZED (SELECT value AS sku FROM json_array_elements_text(${skus}::json)), moved AS (
          SELECT sku, sum(quantity) FILTER (WHERE kind = 'receipt') AS receipt,
            sum(quantity) FILTER (WHERE kind = 'reserve') AS reserve,
            sum(quantity) FILTER (WHERE kind = 'release') AS release,
            sum(quantity) FILTER (WHERE kind = 'commit') AS commit,
            sum(quantity) FILTER (WHERE kind = 'return') AS return
          FROM stock_movements WHERE sku = ANY (ARRAY(SELECT sku FROM wanted)) GROUP BY sku
        ), added AS (
          SELECT sku, coalesce(receipt, 0) AS received,
            coalesce(receipt, 0) - coalesce(commit, 0) + coalesce(return, 0) AS on_hand,
            coalesce(reserve, 0) - coalesce(release, 0) - coalesce(commit, 0) AS reserved
          FROM moved
        ), ordered AS (
          SELECT sku, sum(quantity) FILTER (WHERE status = 'Active') AS held,
            sum(quantity) FILTER (WHERE status = 'Committed') AS taken
          FROM reservation_lines JOIN reservations USING (order_id)
          WHERE sku = ANY (ARRAY(SELECT sku FROM wanted)) GROUP BY sku
        )
        SELECT s.sku, coalesce(o.held, 0)::text AS held, coalesce(o.taken, 0)::text AS taken,
          json_build_object('received', s.received::text, 'onHand', s.on_hand::text, 'reserved', s.reserved::text)
            AS level,
          json_build_object('received', coalesce(a.received, 0)::text, 'onHand', coalesce(a.on_hand, 0)::text,
            'reserved', coalesce(a.reserved, 0)::text) AS ledger
        FROM stock AS s LEFT JOIN added AS a USING (sku) LEFT JOIN ordered AS o USING (sku)
        WHERE s.sku = ANY (ARRAY(SELECT sku FROM wanted)) ORDER BY s.sku`
  })

const told = ({ onHand, received, reserved }: Count): string =>
  `received ${received}, on hand ${onHand}, held ${reserved}`

const mismatchOf = (
  { held, ledger, level, sku, taken }: Account,
  verdict: Exclude<Verdict["_tag"], "Agreed">
): Mismatch =>
  verdict === "Recounted"
    ? {
      id: `inventory/${sku}`,
      orderId: null,
      says: `its level is ${told(level)}, and its ledger adds up to ${told(ledger)}`,
      remedy: "repair",
      does: "the level is set to what its ledger adds up to"
    }
    : {
      id: `inventory/${sku}`,
      orderId: null,
      says: `its ledger adds up to ${told(ledger)}, and orders hold ${held} and have taken ${taken}`,
      remedy: "person",
      does: "count the shelf, and look who changed reservations or the ledger by hand"
    }

const makeLook = (sql: SqlClient.SqlClient) => {
  const skus = selectSkus(sql)
  const accounts = selectAccounts(sql)
  const from = (after: string): Effect.Effect<ReadonlyArray<Mismatch>, SqlError.SqlError> =>
    Effect.gen(function*() {
      const found = (yield* skus(after)).map(({ sku }) => sku)
      const last = found[found.length - 1]
      if (last === undefined) return []
      const mismatches = (yield* accounts(found)).flatMap((account) => {
        const { _tag } = judge(account)
        return _tag === "Agreed" ? [] : [mismatchOf(account, _tag)]
      })
      return found.length < page ? mismatches : [...mismatches, ...yield* from(last)]
    }).pipe(Effect.catchTag("ParseError", Effect.die))
  return Effect.map(Effect.suspend(() => from("")), (mismatches): Look => ({ mismatches, unread: null }))
}

/** The level first: whoever else moves the SKU waits, and what the books say afterwards is all that has happened. */
const makeRecount = (sql: SqlClient.SqlClient) => {
  const accounts = selectAccounts(sql)
  return Effect.fn("Recount.recount")(
    function*(sku: Sku) {
      yield* sql`SELECT 1 FROM stock WHERE sku = ${sku} FOR UPDATE`
      const [account] = yield* accounts([sku])
      const verdict = account === undefined ? undefined : judge(account)
      if (verdict?._tag !== "Recounted") return false
      const { onHand, received, reserved } = verdict.to
      yield* sql`
        WITH before AS (SELECT received, on_hand, reserved FROM stock WHERE sku = ${sku}), noted AS (
          INSERT INTO stock_recounts
            (sku, received_before, on_hand_before, reserved_before, received, on_hand, reserved)
          SELECT ${sku}, received, on_hand, reserved, ${received}::bigint, ${onHand}::bigint, ${reserved}::bigint
          FROM before
        )
        UPDATE stock SET received = ${received}::bigint, on_hand = ${onHand}::bigint, reserved = ${reserved}::bigint,
          updated_at = now() WHERE sku = ${sku}`
      yield* Effect.logWarning(`The level of ${sku} was changed past its ledger; it is what the ledger says again.`)
      return true
    },
    Effect.catchTag("ParseError", Effect.die),
    atomically,
    Effect.provideService(SqlClient.SqlClient, sql)
  )
}

const isSku = Schema.is(Sku)

export const layer = Layer.effect(
  Recount,
  Effect.map(SqlClient.SqlClient, (sql) => {
    const look = makeLook(sql)
    const recount = makeRecount(sql)
    return Recount.of({
      look: () => look,
      repair: (ids) =>
        Effect.gen(function*() {
          const wished = [...ids].flatMap((id) => id.startsWith("inventory/") ? [id.slice("inventory/".length)] : [])
          const done = yield* Effect.forEach(
            wished.filter(isSku),
            (sku) => Effect.map(recount(sku), (isDone) => isDone ? Option.some(`inventory/${sku}`) : Option.none())
          )
          return { repaired: done.flatMap(Option.toArray), ...yield* look }
        })
    })
  })
)
