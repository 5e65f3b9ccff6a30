import type { HttpClient } from "@effect/platform"
import { Clock, Context, Effect, FiberMap, Layer, Option, type Redacted, Schema } from "effect"
import * as Backlog from "./Backlog.ts"
import { Chaos } from "./Chaos.ts"
import * as Courier from "./Courier.ts"
import * as Delivery from "./Delivery.ts"
import type { EventRecord } from "./Event.ts"
import type { JournalUnavailable } from "./Journal.ts"
import { Ledger } from "./Ledger.ts"

/**
 * What becomes of an event: `drop` loses it, `hold` keeps it until it is released, `duplicate` sends it twice, `reorder` collects what
 * happens within `delayMs` and sends the last first. Otherwise `delayMs` delays every event.
 */
export const Conduct = Schema.Struct({
  mode: Schema.Literal("deliver", "drop", "hold", "duplicate", "reorder"),
  delayMs: Schema.optionalWith(Schema.Int.pipe(Schema.between(0, 600_000)), { default: () => 0 })
})
export type Conduct = typeof Conduct.Type

/** Which events on record: of this unix second and later, and of this type, where `payment_intent.*` is all of them. */
export const Selection = Schema.Struct({
  since: Schema.optionalWith(Schema.NonNegativeInt, { default: () => 0 }),
  type: Schema.optional(Schema.String.pipe(Schema.pattern(/^[a-z_]+(\.[a-z_]+)*(\.\*)?$/)))
})
export type Selection = typeof Selection.Type

export interface Status extends Conduct {
  /** On record, and so to be had again. */
  readonly kept: number
  /** Not delivered yet, held ones included. */
  readonly pending: number
  readonly held: number
  readonly delivered: number
  /** Deliveries that were refused, timed out or did not connect. */
  readonly failed: number
  /** Events that nobody will hear of: dropped, too many at once, or undelivered for three days. */
  readonly lost: number
}

/** Delivery at least once and in no order: the same id and body each time, freshly signed, until the receiver answers 2xx. */
export class Webhooks extends Context.Tag("@quartet/stripe-simulator/Webhooks")<Webhooks, {
  /** As many of these events as there is room for; the others are lost, and counted. To be asked before the ledger keeps them. */
  readonly admit: (events: ReadonlyArray<EventRecord>) => ReadonlyArray<EventRecord>
  /** Sends events that the ledger keeps. */
  readonly send: (events: ReadonlyArray<EventRecord>) => Effect.Effect<void>
  /** Sends events on record once more, whether or not they were heard, and answers how many. Those still to be sent are sent anyway. */
  readonly replay: (selection: Selection) => Effect.Effect<number, JournalUnavailable>
  /** Any mode but `hold` also lets go what is held. */
  readonly conduct: (conduct: Conduct) => Effect.Effect<void>
  /** Delivers what is held, and answers how many that is. The mode stays. */
  readonly release: Effect.Effect<number>
  /** Delivers what chaos made late. */
  readonly hurry: Effect.Effect<void>
  readonly status: Effect.Effect<Status>
}>() {}

export interface Options {
  readonly webhookUrl: Option.Option<string>
  readonly webhookSecret: Redacted.Redacted
}

/** Without an address nothing is told, and nothing kept to be told. */
export const layer = (
  { webhookSecret, webhookUrl }: Options
): Layer.Layer<Webhooks, never, Ledger | Chaos | HttpClient.HttpClient> =>
  Layer.scoped(
    Webhooks,
    Effect.gen(function*() {
      const post = yield* Option.match(webhookUrl, {
        onNone: () => Effect.succeed(undefined),
        onSome: (url) => Delivery.make(url, webhookSecret)
      })
      return yield* post === undefined ? mute : telling(post)
    })
  )

const capacity = 100_000

const initial = (): Courier.State => ({
  mode: "deliver",
  delayMs: 0,
  delivered: 0,
  failed: 0,
  lost: 0,
  holding: [],
  window: []
})

const statusOf = (state: Courier.State, { told, undelivered }: Context.Tag.Service<Ledger>): Effect.Effect<Status> =>
  Effect.sync(() => {
    const { delayMs, delivered, failed, holding, lost, mode } = state
    const [kept, pending, held] = [told.size, undelivered.size, holding.length]
    return { mode, delayMs, kept, pending, held, delivered, failed, lost }
  })

const set = (state: Courier.State, conduct: Conduct): Effect.Effect<void> =>
  Effect.sync(() => {
    state.mode = conduct.mode
    state.delayMs = conduct.delayMs
  })

const mute = Effect.map(Ledger, (ledger) => {
  const state = initial()
  return Webhooks.of({
    admit: () => [],
    send: () => Effect.void,
    replay: () => Effect.succeed(0),
    conduct: (conduct) => set(state, conduct),
    release: Effect.succeed(0),
    hurry: Effect.void,
    status: statusOf(state, ledger)
  })
})

const telling = (post: Delivery.Delivery) =>
  Effect.gen(function*() {
    const [ledger, chaos, backlog] = [yield* Ledger, yield* Chaos, yield* Backlog.make(capacity)]
    const [late, scope] = [yield* FiberMap.make<string>(), yield* Effect.scope]
    const parts: Courier.Parts = { state: initial(), backlog, ledger, post, late, scope }
    const { state } = parts
    const send = Effect.fn("Webhooks.send")(function*(events: ReadonlyArray<EventRecord>) {
      const fates = yield* chaos.fates(events.length)
      const since = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      const turns = fates.flatMap((fate, index) => {
        const event = events[index]
        return event === undefined ? [] : [Backlog.firstTurn(event.id, since, fate)]
      })
      yield* state.delayMs > 0 && state.mode !== "reorder" ? backlog.after(state.delayMs, turns) : backlog.now(turns)
    })
    yield* send([...ledger.undelivered.values()].slice(0, capacity))
    yield* Courier.work(parts)
    const release = Courier.release(parts)
    return Webhooks.of({
      admit: (events) => {
        const room = Math.max(0, capacity - ledger.undelivered.size)
        state.lost += Math.max(0, events.length - room)
        return events.slice(0, room)
      },
      send,
      replay: Effect.fn("Webhooks.replay")((selection) =>
        ledger.transact(() => {
          const events = chosen(ledger, selection)
          return { events, entry: { again: events.map(({ id }) => id) } }
        }).pipe(Effect.flatMap(({ events }) => Effect.as(send(events), events.length)))
      ),
      conduct: Effect.fn("Webhooks.conduct")((conduct) =>
        Effect.zipRight(set(state, conduct), conduct.mode === "hold" ? Effect.void : release)
      ),
      release,
      hurry: Courier.hurry(parts),
      status: statusOf(state, ledger)
    })
  })

/** At most as many as there is room for. */
const chosen = ({ told, undelivered }: Context.Tag.Service<Ledger>, { since, type }: Selection) => {
  const prefix = type?.endsWith(".*") === true ? type.slice(0, -1) : undefined
  const fits = (candidate: string) =>
    type === undefined || candidate === type || (prefix !== undefined && candidate.startsWith(prefix))
  return [...told.values()]
    .filter(({ created, happening, id }) => created >= since && fits(happening.type) && !undelivered.has(id))
    .slice(0, Math.max(0, capacity - undelivered.size))
}
