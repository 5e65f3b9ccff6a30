import * as Reactivity from "@effect/experimental/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Redacted } from "effect"
import { Effect, Schema } from "effect"
import { historyLaws } from "./laws/historyLaws.ts"
import type { Law, LedgerText } from "./laws/Law.ts"
import { messageLaws } from "./laws/messageLaws.ts"
import { moneyLaws } from "./laws/moneyLaws.ts"
import { stockLaws } from "./laws/stockLaws.ts"
import { demand } from "./Shop.ts"

/** What the system promises once it is at rest. */
export const laws: ReadonlyArray<Law> = [...moneyLaws, ...stockLaws, ...historyLaws, ...messageLaws]

/** A promise that was not kept, and what broke it. */
export interface Broken {
  readonly id: string
  readonly says: string
  readonly breaches: ReadonlyArray<string>
}

const Ledger = Schema.Struct({ intents: Schema.Array(Schema.Unknown), refunds: Schema.Array(Schema.Unknown) })
const encode = Schema.encode(Schema.parseJson(Schema.Array(Schema.Unknown)))

/** The simulator's ledger, which no service writes. */
export const readLedger = Effect.fn("Verify.readLedger")(function*(simulator: string) {
  const ledger = yield* demand({ method: "GET", url: `${simulator}/_simulator/ledger` }, Ledger)
  return { intents: yield* encode(ledger.intents), refunds: yield* encode(ledger.refunds) }
})

/** Holds the four schemas and the ledger against the laws; `admin` may read all schemas. Nothing is changed. */
export const verify = (
  admin: Redacted.Redacted<string>,
  ledger: LedgerText,
  held: ReadonlyArray<Law> = laws
): Effect.Effect<ReadonlyArray<Broken>, SqlError> =>
  Effect.scoped(Effect.gen(function*() {
    const sql = yield* PgClient.make({ url: admin, maxConnections: 1, applicationName: "quartet verify" })
    const found = yield* Effect.forEach(held, ({ breaches, id, says }) =>
      Effect.map(breaches(sql, ledger), (rows) => ({
        id,
        says,
        breaches: rows.map(({ breach }) => breach)
      })))
    return found.filter(({ breaches }) => breaches.length > 0)
  })).pipe(Effect.provide(Reactivity.layer))
