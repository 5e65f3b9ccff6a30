import { Effect, Either, Schema } from "effect"
import * as Chaos from "./Chaos.ts"
import * as Charge from "./Charge.ts"
import type { Decided } from "./Decision.ts"
import * as Dispute from "./Dispute.ts"
import { Faults, Injection } from "./Faults.ts"
import { Ledger } from "./Ledger.ts"
import * as PaymentIntent from "./PaymentIntent.ts"
import { Provider } from "./Provider.ts"
import * as Refund from "./Refund.ts"
import * as Refunds from "./Refunds.ts"
import { render, statusOf, toJson } from "./Reply.ts"
import * as Settlement from "./Settlement.ts"
import { Tally } from "./Tally.ts"
import { Conduct, Selection, Webhooks } from "./Webhooks.ts"
import { internal, invalid, toBody, unrecognizedUrl } from "./WireError.ts"

/** A status and JSON, whole or in pieces: the ledger may be longer than one string can be. */
export interface Controlled {
  readonly status: number
  readonly body: string | Iterable<string>
}

/** The calls under `/_simulator`, which are not Stripe's: the provider's own books, and ways to make it misbehave. */
export const make = Effect.gen(function*() {
  const routes: Routes = { ...(yield* books), ...(yield* badLuck), ...(yield* deliveries), ...(yield* aftermath) }
  return Effect.fn("Control.handle")((method: string, path: string, body: string) => {
    const [first = "", id = "", ...rest] = path.replace(/^\/_simulator\//, "").split("/")
    const pattern = rest.length > 0 ? [first, ":id", ...rest].join("/") : [first, id].filter(Boolean).join("/")
    const route = Object.hasOwn(routes, `${method} ${pattern}`) ? routes[`${method} ${pattern}`] : undefined
    return route === undefined
      ? Effect.succeed({ status: 404, body: toJson(toBody(unrecognizedUrl(method, path))) })
      : route(body, id)
  })
})

type Routes = Readonly<Record<string, (body: string, id: string) => Effect.Effect<Controlled>>>

const books = Effect.gen(function*() {
  const ledger = yield* Ledger
  const tally = yield* Tally
  const routes: Routes = {
    "GET health": () => Effect.succeed(ok({ status: "ok" })),
    "GET ledger": () => Effect.sync(() => ({ status: 200, body: ledgerJson(ledger.tables) })),
    "GET calls": () => Effect.map(tally.counts, ok)
  }
  return routes
})

const badLuck = Effect.gen(function*() {
  const chaos = yield* Chaos.Chaos
  const faults = yield* Faults
  const provider = yield* Provider
  const webhooks = yield* Webhooks
  const chaosStatus = Effect.map(chaos.status, ok)
  const faultStatus = Effect.map(faults.status, ok)
  const routes: Routes = {
    "GET chaos": () => chaosStatus,
    "POST chaos": decoded(Chaos.Settings, (settings) => Effect.zipRight(chaos.begin(settings), chaosStatus)),
    "DELETE chaos": () => Effect.all([chaos.end, webhooks.hurry]).pipe(Effect.zipRight(chaosStatus)),
    "GET faults": () => faultStatus,
    "DELETE faults": () => Effect.zipRight(faults.clear, faultStatus),
    "POST faults": decoded(
      Injection,
      (injection) => Effect.flatMap(faults.add(injection), (added) => added ? faultStatus : Effect.succeed(tooMany))
    ),
    "POST latency": decoded(Latency, ({ ms }) => Effect.as(provider.setLatency(ms), ok({ ms })))
  }
  return routes
})

const deliveries = Effect.gen(function*() {
  const webhooks = yield* Webhooks
  const status = Effect.map(webhooks.status, ok)
  const routes: Routes = {
    "GET webhooks": () => status,
    "POST webhooks": decoded(Conduct, (conduct) => Effect.zipRight(webhooks.conduct(conduct), status)),
    "POST webhooks/release": () => Effect.map(webhooks.release, (released) => ok({ released })),
    "POST webhooks/replay": decoded(Selection, (selection) =>
      Effect.match(webhooks.replay(selection), {
        onSuccess: (replayed) => ok({ replayed }),
        onFailure: () => ({ status: 500, body: toJson(toBody(internal(false))) })
      }))
  }
  return routes
})

/** What in a live run happens by itself: at the customer's bank, or days later. */
const aftermath = Effect.gen(function*() {
  const { tables } = yield* Ledger
  const provider = yield* Provider
  const routes: Routes = {
    "POST payment_intents/:id/authenticate": decoded(
      Settled,
      ({ outcome }, id) => perform(provider, (stamp) => Settlement.authenticate(tables, id, outcome, stamp))
    ),
    "POST payment_intents/:id/settle": decoded(
      Settled,
      ({ outcome }, id) => perform(provider, (stamp) => Settlement.settle(tables, id, outcome, stamp))
    ),
    "POST refunds/:id/settle": (_, id) => perform(provider, () => Refunds.settle(tables, id)),
    "POST refunds/:id/fail": (_, id) => perform(provider, () => Refunds.fail(tables, id))
  }
  return routes
})

const Latency = Schema.Struct({ ms: Schema.Int.pipe(Schema.between(0, 600_000)) })

const Settled = Schema.Struct({ outcome: Schema.Literal("succeeded", "failed") })

const ok = (value: unknown): Controlled => ({ status: 200, body: toJson(value) })

const tooMany: Controlled = { status: 400, body: toJson(toBody(invalid("Too many faults are standing already."))) }

const decoded =
  <A, I>(schema: Schema.Schema<A, I>, use: (value: A, id: string) => Effect.Effect<Controlled>) =>
  (body: string, id: string): Effect.Effect<Controlled> =>
    Either.match(Schema.decodeEither(Schema.parseJson(schema), { onExcessProperty: "error" })(body), {
      onLeft: (error) => Effect.succeed({ status: 400, body: toJson(toBody(invalid(error.message))) }),
      onRight: (value) => use(value, id)
    })

/** Answers as the API would: the object as it is now, or the error. */
const perform = (
  provider: typeof Provider.Service,
  decide: (stamp: Parameters<Parameters<typeof provider.perform>[0]>[0]) => Decided
): Effect.Effect<Controlled> =>
  Effect.map(
    provider.perform((stamp) =>
      Either.match(decide(stamp), {
        onLeft: (answer) => ({ put: [], tell: [], answer }),
        onRight: ({ answer, put, tell }) => ({
          put,
          tell,
          answer: answer._tag === "WireError" ? answer : { _tag: "Shown", root: answer, expanded: {} }
        })
      })
    ),
    ({ answer }) => ({ status: statusOf(answer), body: render(answer) })
  )

const ledgerJson = (tables: typeof Ledger.Service["tables"]): Iterable<string> => {
  // The records themselves never change, so these copies are one moment of the ledger however slowly it is read.
  const intents = [...tables.intents.values()]
  const charges = [...tables.charges.values()]
  const refunds = [...tables.refunds.values()]
  const disputes = [...tables.disputes.values()]
  return pieces([
    ["intents", intents.length, (index) => intents.slice(index, index + 100).map(PaymentIntent.toStripe)],
    ["charges", charges.length, (index) => charges.slice(index, index + 100).map(Charge.toStripe)],
    ["refunds", refunds.length, (index) => refunds.slice(index, index + 100).map(Refund.toStripe)],
    ["disputes", disputes.length, (index) => disputes.slice(index, index + 100).map(Dispute.toStripe)]
  ])
}

function* pieces(
  lists: ReadonlyArray<readonly [name: string, length: number, from: (index: number) => ReadonlyArray<object>]>
): Iterable<string> {
  let separator = "{"
  for (const [name, length, from] of lists) {
    yield `${separator}"${name}":[`
    for (let index = 0; index < length; index += 100) {
      yield `${index === 0 ? "" : ","}${toJson(from(index)).slice(1, -1)}`
    }
    yield "]"
    separator = ","
  }
  yield "}"
}
