import type { SqlError } from "@effect/sql/SqlError"
import { reading } from "@quartet/hosting/ReadingSession"
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
  reading(
    admin,
    "quartet verify",
    (sql) =>
      Effect.forEach(held, ({ breaches, id, says }) =>
        Effect.map(breaches(sql, ledger), (rows) => ({
          id,
          says,
          breaches: rows.map(({ breach }) => breach)
        })))
  ).pipe(Effect.map((found) => found.filter(({ breaches }) => breaches.length > 0)))
