import { Effect, Either, Schema } from "effect"
import * as Charge from "./Charge.ts"
import type { Decided } from "./Decision.ts"
import { Faults, Injection } from "./Faults.ts"
import { Ledger } from "./Ledger.ts"
import * as PaymentIntent from "./PaymentIntent.ts"
import { Provider } from "./Provider.ts"
import * as Refund from "./Refund.ts"
import * as Refunds from "./Refunds.ts"
import { render, statusOf, toJson } from "./Reply.ts"
import * as Settlement from "./Settlement.ts"
import { Conduct, Webhooks } from "./Webhooks.ts"
import { invalid, toBody, unrecognizedUrl } from "./WireError.ts"

/** A status and JSON, whole or in pieces: the ledger may be longer than one string can be. */
export interface Controlled {
  readonly status: number
  readonly body: string | Iterable<string>
}

/** The calls under `/_simulator`, which are not Stripe's: the provider's own books, and ways to make it misbehave. */
export const make = Effect.gen(function*() {
  const faults = yield* Faults
  const ledger = yield* Ledger
  const provider = yield* Provider
  const webhooks = yield* Webhooks
  const faultStatus = Effect.map(faults.status, ok)
  const webhookStatus = Effect.map(webhooks.status, ok)
  const routes: Readonly<Record<string, (body: string, id: string) => Effect.Effect<Controlled>>> = {
    "GET health": () => Effect.succeed(ok({ status: "ok" })),
    "GET ledger": () => Effect.sync(() => ({ status: 200, body: ledgerJson(ledger.tables) })),
    "GET faults": () => faultStatus,
    "DELETE faults": () => Effect.zipRight(faults.clear, faultStatus),
    "POST faults": decoded(
      Injection,
      (injection) => Effect.flatMap(faults.add(injection), (added) => added ? faultStatus : Effect.succeed(tooMany))
    ),
    "POST latency": decoded(Latency, ({ ms }) => Effect.as(provider.setLatency(ms), ok({ ms }))),
    "GET webhooks": () => webhookStatus,
    "POST webhooks": decoded(Conduct, (conduct) => Effect.zipRight(webhooks.conduct(conduct), webhookStatus)),
    "POST webhooks/release": () => Effect.map(webhooks.release, (released) => ok({ released })),
    "POST payment_intents/:id/authenticate": decoded(
      Authentication,
      ({ outcome }, id) => perform(provider, (stamp) => Settlement.authenticate(ledger.tables, id, outcome, stamp))
    ),
    "POST refunds/:id/fail": (_, id) => perform(provider, () => Refunds.fail(ledger.tables, id))
  }
  return Effect.fn("Control.handle")((method: string, path: string, body: string) => {
    const [first = "", id = "", ...rest] = path.replace(/^\/_simulator\//, "").split("/")
    const pattern = rest.length > 0 ? [first, ":id", ...rest].join("/") : [first, id].filter(Boolean).join("/")
    const route = Object.hasOwn(routes, `${method} ${pattern}`) ? routes[`${method} ${pattern}`] : undefined
    return route === undefined
      ? Effect.succeed({ status: 404, body: toJson(toBody(unrecognizedUrl(method, path))) })
      : route(body, id)
  })
})

const Latency = Schema.Struct({ ms: Schema.Int.pipe(Schema.between(0, 600_000)) })

const Authentication = Schema.Struct({ outcome: Schema.Literal("succeeded", "failed") })

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
  return pieces([
    ["intents", intents.length, (index) => intents.slice(index, index + 100).map(PaymentIntent.toStripe)],
    ["charges", charges.length, (index) => charges.slice(index, index + 100).map(Charge.toStripe)],
    ["refunds", refunds.length, (index) => refunds.slice(index, index + 100).map(Refund.toStripe)]
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
