import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { subscriptions } from "@quartet/contracts/Catalog"
import * as Database from "@quartet/hosting/Database"
import * as EmbeddedPostgres from "@quartet/hosting/EmbeddedPostgres"
import * as Settings from "@quartet/hosting/Settings"
import * as RabbitMq from "@quartet/messaging/RabbitMq"
import * as RabbitMqQueues from "@quartet/messaging/RabbitMqQueues"
import type { Duration, Redacted } from "effect"
import { Console, Effect, Option, Schedule, Schema } from "effect"
import { moneyLaws } from "./laws/moneyLaws.ts"
import * as Provider from "./Provider.ts"
import type { Broken } from "./Verify.ts"
import { laws, readLedger, verify } from "./Verify.ts"

/** Promises are broken; each was told with what breaks it. */
export class PromisesBroken extends Schema.TaggedError<PromisesBroken>()("PromisesBroken", {
  broken: Schema.Int,
  of: Schema.Int
}) {
  override get message() {
    return `${this.broken} of ${this.of} promises ${this.broken === 1 ? "is" : "are"} broken.`
  }
}

/** There is no database to look into. */
export class NoDatabase extends Schema.TaggedError<NoDatabase>()("NoDatabase", { home: Schema.String }) {
  override get message() {
    return `No database: DATABASE_URL is not set, and no embedded PostgreSQL runs in ${this.home}.`
  }
}

/** One promise that can be looked into here, and what was found. */
interface Finding {
  readonly id: string
  readonly says: string
  readonly breaches: ReadonlyArray<string>
}

const brokerLaw = {
  id: "G11",
  says: "the broker has the queue of every listener, and nothing waits in it or was given up"
}

/** `DATABASE_URL`, or the embedded PostgreSQL of the quartet that runs in the home. */
export const database = Effect.gen(function*() {
  const given = yield* Database.adminUrl
  if (Option.isSome(given)) return given.value
  const home = yield* Settings.home
  const embedded = yield* Effect.orElseSucceed(EmbeddedPostgres.running(home), () => Option.none<Redacted.Redacted>())
  return Option.isSome(embedded) ? embedded.value : yield* new NoDatabase({ home })
})

/** The stand-in's ledger; none where payments go to the provider itself, whose books are not ours to read. */
const ledger = Effect.gen(function*() {
  if (yield* Provider.isReal) return Option.none()
  return Option.some(yield* readLedger((yield* Provider.base).replace(/\/$/, "")))
})

/** What rests at the broker at `AMQP_URL`; nothing is looked into where there is none. */
const queues = Effect.gen(function*() {
  const { namespace, url } = yield* RabbitMq.broker
  if (Option.isNone(url)) return []
  const depths = yield* RabbitMqQueues.depths({ url: url.value, subscriptions, namespace })
  const breaches = depths.filter(({ messages }) => messages !== 0).map(({ messages, queue }) =>
    messages === undefined ? `there is no queue ${queue}` : `${queue} holds ${messages}`
  )
  return [{ ...brokerLaw, breaches }]
})

/** Looks once at everything that there is. */
const look = Effect.gen(function*() {
  const books = yield* ledger
  const held = Option.isSome(books) ? laws : laws.filter((law) => !moneyLaws.includes(law))
  const broken = yield* verify(yield* database, Option.getOrElse(books, () => ({ intents: "[]", refunds: "[]" })), held)
  const breachesOf = (id: string, says: string) =>
    broken.find((one: Broken) => one.id === id && one.says === says)?.breaches ?? []
  const found = held.map(({ id, says }): Finding => ({ id, says, breaches: breachesOf(id, says) }))
  return [...found, ...yield* queues]
})

const isKept = ({ breaches }: Finding): boolean => breaches.length === 0

/** The most breaches of one promise that are told. */
const shown = 20

const linesOf = ({ breaches, id, says }: Finding): ReadonlyArray<string> => [
  `${breaches.length === 0 ? "✔" : "✘"} ${id.padEnd(4)}${says}`,
  ...breaches.slice(0, shown).map((breach) => `       ${breach.split("\n")[0]}`),
  ...(breaches.length > shown ? [`       … and ${breaches.length - shown} more`] : [])
]

const nowAndThen = Schedule.spaced("500 millis")

/**
 * Tells of every promise whether it is kept now, and fails when one is not. A system at work is not at rest, and what is
 * under way looks broken: `atMost` is how long to wait for the end of it.
 */
export const tell = Effect.fn("Verdict.tell")(function*(atMost: Duration.DurationInput) {
  const findings = yield* Effect.repeat(look, {
    until: (found) => found.every(isKept),
    schedule: Schedule.upTo(nowAndThen, atMost).pipe(
      Schedule.zipRight(Schedule.identity<ReadonlyArray<Finding>>())
    )
  })
  yield* Console.log(findings.flatMap(linesOf).join("\n"))
  if (yield* Provider.isReal) yield* Console.log("Not looked into: money, whose ledger is the provider's.")
  const broken = findings.filter((finding) => !isKept(finding)).length
  if (broken > 0) return yield* new PromisesBroken({ broken, of: findings.length })
}, Effect.provide(NodeHttpClient.layer))
