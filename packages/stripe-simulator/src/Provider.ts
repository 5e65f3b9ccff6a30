import { Clock, Context, Effect, Either, Layer, type Option, type Redacted } from "effect"
import { createHash, randomUUID } from "node:crypto"
import * as Authentication from "./Authentication.ts"
import * as Calls from "./Calls.ts"
import { Chaos } from "./Chaos.ts"
import { apiVersion } from "./Event.ts"
import type { Request, Response } from "./Exchange.ts"
import { answer, reset } from "./Exchange.ts"
import { type Books, execute } from "./Execution.ts"
import { delayOf, Faults, type Injection, quirkOf } from "./Faults.ts"
import * as Form from "./Form.ts"
import { type Asked, judge, type Verdict } from "./Idempotency.ts"
import { Ledger } from "./Ledger.ts"
import * as Stamp from "./Stamp.ts"
import { Tally } from "./Tally.ts"
import { Webhooks } from "./Webhooks.ts"
import { forbidden, internal, keyInUse, lockTimeout, rateLimited } from "./WireError.ts"

/** The API itself: authentication, injected faults, idempotency, and then one step of the ledger. */
export class Provider extends Context.Tag("@quartet/stripe-simulator/Provider")<Provider, {
  readonly handle: (request: Request) => Effect.Effect<Response>
  /** How long every call takes, in milliseconds, besides what it takes. */
  readonly setLatency: (millis: number) => Effect.Effect<void>
  /** A decision that is not a call of the API; its events go out like any other. */
  readonly perform: (outcome: (stamp: Stamp.Stamp) => Calls.Outcome) => Effect.Effect<Calls.Outcome>
}>() {}

export const layer = (apiKey: Option.Option<Redacted.Redacted>) =>
  Layer.effect(
    Provider,
    Effect.gen(function*() {
      const parts: Parts = {
        ledger: yield* Ledger,
        webhooks: yield* Webhooks,
        faults: yield* Faults,
        chaos: yield* Chaos,
        tally: yield* Tally,
        running: new Map(),
        latency: { millis: 0 }
      }
      return Provider.of({
        handle: Effect.fn("Provider.handle")((request) =>
          Either.match(Authentication.check(request.authorization, apiKey), {
            onLeft: (error) => Effect.map(Stamp.make(null, request.version), (stamp) => answer(stamp, error)),
            onRight: () => admitted(parts, request)
          })
        ),
        setLatency: Effect.fn("Provider.setLatency")((millis) =>
          Effect.sync(() => {
            parts.latency.millis = millis
          })
        ),
        perform: Effect.fn("Provider.perform")((outcome) =>
          Effect.flatMap(Stamp.make(null, apiVersion), (stamp) =>
            execute(parts, stamp, undefined, undefined, () => outcome(stamp)))
        )
      })
    })
  )

interface Parts extends Books {
  readonly faults: Context.Tag.Service<Faults>
  readonly chaos: Context.Tag.Service<Chaos>
  readonly tally: Context.Tag.Service<Tally>
  readonly running: Map<string, Asked>
  readonly latency: { millis: number }
}

const admitted = (parts: Parts, request: Request): Effect.Effect<Response> =>
  Effect.gen(function*() {
    const key = request.method === "GET" ? null : request.idempotencyKey ?? randomUUID()
    const stamp = yield* Stamp.make(key, request.version)
    parts.tally.add(key, request.method, request.query === "" ? request.path : `${request.path}?${request.query}`)
    const fault = (yield* parts.faults.take(request.method, request.path)) ??
      (yield* parts.chaos.strike(request.method, request.path))
    const delay = delayOf(fault)
    const early = before(fault, stamp, request)
    if (early !== undefined) {
      return yield* delay > 0 ? Effect.delay(Effect.succeed(early), delay) : Effect.succeed(early)
    }
    const response = yield* answered(parts, request, stamp, fault, delay + parts.latency.millis)
    return fault?.fault === "reset_after" ? reset : response
  })

/** The faults that keep a call from running, and from being remembered. */
const before = (
  fault: Injection | undefined,
  stamp: Stamp.Stamp,
  { authorization }: Request
): Response | undefined => {
  switch (fault?.fault) {
    case "error_before":
      return answer(stamp, internal(false))
    case "reset_before":
      return reset
    case "rate_limit":
      return answer(stamp, rateLimited)
    case "lock_timeout":
      return answer(stamp, lockTimeout)
    case "in_use":
      return answer(stamp, keyInUse(stamp.key ?? ""))
    case "non_json":
      return { _tag: "Garbled" }
    case "unauthorized":
      return answer(stamp, Authentication.revoked(authorization))
    case "forbidden":
      return answer(stamp, forbidden)
    default:
      return undefined
  }
}

const answered = (
  parts: Parts,
  request: Request,
  stamp: Stamp.Stamp,
  fault: Injection | undefined,
  delay: number
): Effect.Effect<Response> => {
  const call: Calls.Call = {
    method: request.method,
    path: request.path,
    form: Form.parse(request.method === "GET" ? request.query : request.body),
    quirk: quirkOf(fault)
  }
  const run = (asked: Asked | undefined) => {
    const executed = Effect.map(
      execute(parts, stamp, asked, fault, () => Calls.decide(parts.ledger.tables, call, stamp)),
      (outcome) => answer(stamp, outcome.answer)
    )
    return delay > 0 ? Effect.delay(executed, delay) : executed
  }
  if (stamp.key === null) {
    return run(undefined)
  }
  const asked: Asked = { key: stamp.key, path: call.path, fingerprint: fingerprint(call.form) }
  return Effect.acquireUseRelease(
    claim(parts, asked),
    (verdict) => settle(verdict, stamp, delay, run(asked)),
    (verdict) => verdict._tag === "Run" ? Effect.sync(() => parts.running.delete(asked.key)) : Effect.void
  )
}

/** Judges and claims in one go, so that of two equal requests only one runs. */
const claim = (parts: Parts, asked: Asked): Effect.Effect<Verdict> =>
  Effect.map(Clock.currentTimeMillis, (millis) => {
    const kept = parts.ledger.remembered.get(asked.key)
    const verdict = judge(asked, kept, parts.running.get(asked.key), Math.floor(millis / 1000))
    if (verdict._tag === "Run") {
      parts.running.set(asked.key, asked)
    }
    return verdict
  })

const settle = (
  verdict: Verdict,
  stamp: Stamp.Stamp,
  delay: number,
  run: Effect.Effect<Response>
): Effect.Effect<Response> => {
  switch (verdict._tag) {
    case "Run":
      return run
    case "Refuse":
      return Effect.succeed(answer(stamp, verdict.error))
    case "Replay": {
      const replay: Response = {
        ...answer(stamp, verdict.first.reply),
        originalRequest: verdict.first.requestId,
        replayed: true
      }
      return delay > 0 ? Effect.delay(Effect.succeed(replay), delay) : Effect.succeed(replay)
    }
  }
}

const fingerprint = (form: Form.Form): string => createHash("sha256").update(Form.canonical(form)).digest("base64url")
