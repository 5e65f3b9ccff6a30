import type { SqlError } from "@effect/sql"
import { SqlClient } from "@effect/sql"
import type { Migrations } from "@quartet/hosting/Migrations"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { Effect, HashMap, Layer, Option, Schema } from "effect"
import { v7 } from "uuid"
import type { Behaviour, Step } from "../../src/Behaviour.ts"
import { changed } from "../../src/Changed.ts"
import type { Decision } from "../../src/Decision.ts"
import { accept, ignore, refuse, tooEarly } from "../../src/Decision.ts"
import { on } from "../../src/Handler.ts"
import type { Answer } from "../../src/KeyClaim.ts"
import type { Slice } from "../../src/Keyed.ts"
import { keyed } from "../../src/Keyed.ts"
import { define, defineTimer, MessageId } from "../../src/Message.ts"
import * as Messaging from "../../src/Messaging.ts"
import { messagingMigrations } from "../../src/Migrations.ts"
import type { Origin, Outcome, Submission } from "../../src/Submission.ts"
import { write } from "../../src/Write.ts"

/** Counters by name: the smallest thing that can be counted twice. */
export interface Command {
  readonly _tag: "Add" | "AddMore" | "Forbid" | "Boom" | "Note"
  readonly key: string
  readonly amount: number
}
export interface Counted {
  readonly _tag: "Counted"
  readonly key: string
  readonly amount: number
}
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", { key: Schema.String }) {
  override get message() {
    return `Counter ${this.key} must not be touched.`
  }
}
export type Counters = Slice<string, number>
export type CounterStep = Step<Counters, Command, Counted, number>
export type CounterOutcome = Outcome<number, Forbidden>
export type CounterBehaviour = Behaviour<Counters, Command, Counted, Forbidden, number>

const Payload = Schema.Struct({ key: Schema.String, amount: Schema.Int })
/** Asks a counter to count. */
export const Count = define("clicker.count.v1", Payload, ({ key }) => key)
/** Asks a counter that is there already to count. */
export const CountMore = define("clicker.count_more.v1", Payload, ({ key }) => key)
/** Makes the decider throw. */
export const Explode = define("clicker.explode.v1", Payload, ({ key }) => key)
/** Is refused. */
export const Forbid = define("clicker.forbid.v1", Payload, ({ key }) => key)
/** A counter to itself, at a due time. */
export const CountDue = defineTimer("counter.count_due.v1", Payload, ({ key }) => key)
/** What the counter says of each event. */
export const WasCounted = define("counter.counted.v1", Payload, ({ key }) => key)

const as = (_tag: Command["_tag"]) => ({ amount, key }: typeof Payload.Type): Command => ({ _tag, key, amount })
export const handlers = [
  on(Count, as("Add")),
  on(CountMore, as("AddMore")),
  on(Explode, as("Boom")),
  on(Forbid, as("Forbid")),
  on(CountDue, as("Add"))
]

const decide = (value: number, { _tag, amount, key }: Command): Decision<Counted, Forbidden> => {
  if (_tag === "Boom") throw new Error(`boom on ${key}`)
  if (_tag === "Forbid") return refuse(new Forbidden({ key }))
  if (_tag === "Note") return ignore("nothing to count")
  if (_tag === "AddMore" && value === 0) return tooEarly(`${key} was not counted yet`)
  return accept({ _tag: "Counted", key, amount })
}

const CounterRow = Schema.Struct({ key: Schema.String, value: Schema.Int, isNew: Schema.Boolean })
const encodeRows = Schema.encodeSync(Schema.parseJson(Schema.Array(CounterRow)))
const StepRow = Schema.Struct({ key: Schema.String, amount: Schema.Int, cause: Schema.String })
const encodeSteps = Schema.encodeSync(Schema.parseJson(Schema.Array(StepRow)))
const encodeKeys = Schema.encodeSync(Schema.parseJson(Schema.Array(Schema.String)))

/** `counted` is the audit trail; `xact` tells which transaction wrote a row, and a negative value is refused. */
export const migrations: Migrations = {
  ...messagingMigrations,
  "0101_counters": Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql`
    CREATE TABLE counters (key text PRIMARY KEY, value bigint NOT NULL CHECK (value >= 0));
    CREATE TABLE counted (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key text NOT NULL, amount bigint NOT NULL, cause text NOT NULL,
      xact text NOT NULL DEFAULT pg_current_xact_id()::text)`)
}

const add = (value: number, { amount }: Counted): number => value + amount

/** No counters. */
export const nothing: Counters = HashMap.empty()

/** The counter without a database, for what only decides: loading finds nothing and saving keeps nothing. */
export const deciding: CounterBehaviour = {
  ...keyed({ keyOf: ({ key }: Command | Counted) => key, absent: 0, decider: { decide, evolve: add } }),
  name: "counter",
  keyOf: ({ key }) => key,
  load: () => Effect.succeed(nothing),
  save: () => {
    throw new Error("Nothing is kept.")
  },
  say: ({ amount, key }) => [WasCounted.say({ key, amount })]
}

/** The behaviour of counters. `onceLoaded` runs in the transaction of whatever may count, where a test wants to be in the way. */
export const counter = (sql: SqlClient.SqlClient, options: {
  readonly name?: string
  readonly onceLoaded?: Effect.Effect<unknown, SqlError.SqlError>
  readonly committed?: NonNullable<CounterBehaviour["committed"]>
} = {}): CounterBehaviour => ({
  ...deciding,
  name: options.name ?? "counter",
  load: (commands) =>
    Effect.map(
      Effect.tap(
        sql<{ key: string; value: string }>`
        SELECT key, value FROM counters
        WHERE key = ANY (ARRAY(SELECT value FROM json_array_elements_text(${
          encodeKeys(commands.map(({ key }) => key))
        }::json)))
        ORDER BY key FOR UPDATE`,
        () => commands.every(({ _tag }) => _tag === "Note") ? Effect.void : options.onceLoaded ?? Effect.void
      ),
      (rows) => HashMap.fromIterable(rows.map(({ key, value }): [string, number] => [key, Number(value)]))
    ),
  save: (steps, after) => save(sql, steps, after),
  ...(options.committed === undefined ? {} : { committed: options.committed })
})

const save = (sql: SqlClient.SqlClient, steps: ReadonlyArray<CounterStep>, after: Counters) => {
  const rows = changed(steps.map(({ before, event }) => ({ key: event.key, before })), after)
    .map(({ isNew, key, state }) => ({ key, value: state, isNew }))
  const trail = steps.map(({ event, submission }) => ({
    key: event.key,
    amount: event.amount,
    cause: submission.lineage.causationId
  }))
  return write(sql`
    WITH changed AS (
      SELECT * FROM json_to_recordset(${encodeRows(rows)}::json) AS r (key text, value bigint, "isNew" boolean)
    ), inserted AS (
      INSERT INTO counters (key, value) SELECT key, value FROM changed WHERE "isNew" ORDER BY key
    ), updated AS (
      UPDATE counters AS c SET value = r.value FROM changed AS r WHERE c.key = r.key AND NOT r."isNew"
    )
    INSERT INTO counted (key, amount, cause)
    SELECT key, amount, cause FROM json_to_recordset(${encodeSteps(trail)}::json)
      AS t (key text, amount bigint, cause text)`)
}

/** A fresh database with counters and everything messaging keeps. */
export const layer = () =>
  Messaging.layer.pipe(
    Layer.fresh,
    Layer.provideMerge(PostgresTest.layer({ service: "counter", migrations, maxConnections: 20 }))
  )

export const messageId = (): MessageId => MessageId.make(v7())

const submission = (command: Command, origin: Origin<number>, cause: string): Submission<Command, number> => ({
  command,
  origin,
  lineage: { causationId: cause, correlationId: cause },
  by: "test"
})

export const command = (_tag: Command["_tag"], key: string, amount = 1): Command => ({ _tag, key, amount })

export const byMessage = (command: Command, id = messageId(), digest = "00"): Submission<Command, number> =>
  submission(command, {
    _tag: "Message",
    received: { messageId: id, type: "test.v1", subject: command.key, digest }
  }, id)

export const byRequest = (command: Command): Submission<Command, number> =>
  submission(command, { _tag: "Request" }, "request")

export const answerOf = (value: number): Answer => ({ status: 200, headers: {}, body: `value ${value}` })

export const byKey = (command: Command, key: string, fingerprint = "same"): Submission<Command, number> =>
  submission(
    command,
    { _tag: "KeyedRequest", claim: { owner: "ann", key, fingerprint, open: Option.none() }, answer: answerOf },
    key
  )

/** The value that is stored, 0 when there is none. */
export const valueOf = (sql: SqlClient.SqlClient, key: string) =>
  Effect.map(
    sql<{ value: string }>`SELECT value FROM counters WHERE key = ${key}`,
    (rows) => Number(rows[0]?.value ?? 0)
  )

/** How many rows the query gives as its column `n`. */
export const countOf = (rows: Effect.Effect<ReadonlyArray<{ readonly n: string }>, SqlError.SqlError>) =>
  Effect.map(rows, ([row]) => Number(row?.n))
