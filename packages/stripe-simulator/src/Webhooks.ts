import type { HttpClient } from "@effect/platform"
import { Clock, Context, Effect, Layer, Option, type Redacted, Schema, type Scope } from "effect"
import * as Backlog from "./Backlog.ts"
import * as Delivery from "./Delivery.ts"
import type { EventRecord } from "./Event.ts"
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

export interface Status extends Conduct {
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
  /** Any mode but `hold` also lets go what is held. */
  readonly conduct: (conduct: Conduct) => Effect.Effect<void>
  /** Delivers what is held, and answers how many that is. The mode stays. */
  readonly release: Effect.Effect<number>
  readonly status: Effect.Effect<Status>
}>() {}

export interface Options {
  readonly webhookUrl: Option.Option<string>
  readonly webhookSecret: Redacted.Redacted
}

/** Without an address nothing is told, and nothing kept to be told. */
export const layer = (
  { webhookSecret, webhookUrl }: Options
): Layer.Layer<Webhooks, never, Ledger | HttpClient.HttpClient> =>
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

const concurrency = 16

const keptSeconds = 3 * 24 * 60 * 60

interface State extends Status {
  mode: Conduct["mode"]
  delayMs: number
  delivered: number
  failed: number
  lost: number
  holding: Array<Backlog.Turn>
  window: Array<Backlog.Turn>
}

interface Parts {
  readonly state: State
  readonly backlog: Backlog.Backlog
  readonly ledger: Context.Tag.Service<Ledger>
  readonly post: Delivery.Delivery
  readonly scope: Scope.Scope
}

const initial = (ledger: Context.Tag.Service<Ledger>): State => ({
  mode: "deliver",
  delayMs: 0,
  delivered: 0,
  failed: 0,
  lost: 0,
  holding: [],
  window: [],
  get pending() {
    return ledger.undelivered.size
  },
  get held() {
    return this.holding.length
  }
})

const statusOf = (state: State): Effect.Effect<Status> =>
  Effect.sync(() => {
    const { delayMs, delivered, failed, held, lost, mode, pending } = state
    return { mode, delayMs, pending, held, delivered, failed, lost }
  })

const set = (state: State, conduct: Conduct): Effect.Effect<void> =>
  Effect.sync(() => {
    state.mode = conduct.mode
    state.delayMs = conduct.delayMs
  })

const mute = Effect.map(Ledger, (ledger) => {
  const state = initial(ledger)
  return Webhooks.of({
    admit: () => [],
    send: () => Effect.void,
    conduct: (conduct) => set(state, conduct),
    release: Effect.succeed(0),
    status: statusOf(state)
  })
})

const telling = (post: Delivery.Delivery) =>
  Effect.gen(function*() {
    const ledger = yield* Ledger
    const parts: Parts = {
      state: initial(ledger),
      backlog: yield* Backlog.make(capacity),
      ledger,
      post,
      scope: yield* Effect.scope
    }
    const { backlog, state } = parts
    yield* backlog.now([...ledger.undelivered.keys()].slice(0, capacity).map(Backlog.firstTurn))
    yield* Effect.replicateEffect(
      Effect.forkScoped(Effect.forever(Effect.flatMap(backlog.take, (turn) => handleSafely(parts, turn)))),
      concurrency
    )
    const release = Effect.suspend(() => {
      const held = state.holding.splice(0)
      return Effect.as(backlog.now(held.map((turn) => ({ ...turn, released: true }))), held.length)
    })
    return Webhooks.of({
      admit: (events) => {
        const room = Math.max(0, capacity - ledger.undelivered.size)
        state.lost += Math.max(0, events.length - room)
        return events.slice(0, room)
      },
      send: Effect.fn("Webhooks.send")((events) => {
        const turns = events.map(({ id }) => Backlog.firstTurn(id))
        return state.delayMs > 0 && state.mode !== "reorder" ? backlog.after(state.delayMs, turns) : backlog.now(turns)
      }),
      conduct: Effect.fn("Webhooks.conduct")((conduct) =>
        Effect.zipRight(set(state, conduct), conduct.mode === "hold" ? Effect.void : release)
      ),
      release,
      status: statusOf(state)
    })
  })

/** A bug met on one event does not stop the others, nor lose the event. */
const handleSafely = (parts: Parts, turn: Backlog.Turn): Effect.Effect<void> =>
  Effect.catchAllDefect(
    handle(parts, turn),
    (defect) => Effect.zipRight(Effect.logError("webhook delivery broke", defect), parts.backlog.retry(turn))
  )

const handle = (parts: Parts, turn: Backlog.Turn): Effect.Effect<void> => {
  const { state } = parts
  if (turn.released) {
    return deliver(parts, turn)
  }
  switch (state.mode) {
    case "hold":
      return Effect.sync(() => void state.holding.push(turn))
    case "drop":
      return lose(parts, turn)
    case "reorder":
      return collect(parts, turn)
    case "deliver":
    case "duplicate":
      return deliver(parts, turn)
  }
}

const deliver = (parts: Parts, turn: Backlog.Turn): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { backlog, ledger, post, state } = parts
    const event = ledger.undelivered.get(turn.eventId)
    if (event === undefined) {
      return
    }
    const delivered = yield* state.mode === "duplicate" ? Effect.zipRight(post(event), post(event)) : post(event)
    if (delivered) {
      state.delivered += 1
      return yield* settle(parts, turn)
    }
    state.failed += 1
    const now = yield* Clock.currentTimeMillis
    yield* now / 1000 - event.created > keptSeconds ? lose(parts, turn) : backlog.retry(turn)
  })

/** What cannot be noted as delivered is delivered again: at least once. */
const settle = ({ backlog, ledger }: Parts, turn: Backlog.Turn): Effect.Effect<void> =>
  ledger.transact(() => ({ entry: { settled: [turn.eventId] } })).pipe(
    Effect.asVoid,
    Effect.catchTag(
      "JournalUnavailable",
      (error) => Effect.zipRight(Effect.logWarning("delivery not noted", error), backlog.retry(turn))
    )
  )

const lose = (parts: Parts, turn: Backlog.Turn): Effect.Effect<void> =>
  Effect.zipRight(Effect.sync(() => void (parts.state.lost += 1)), settle(parts, turn))

/** The first turn of a window starts its clock; at its end all are sent, one after the other, the last first. */
const collect = (parts: Parts, turn: Backlog.Turn): Effect.Effect<void> => {
  const { scope, state } = parts
  state.window.push(turn)
  return state.window.length > 1
    ? Effect.void
    : Effect.suspend(() => Effect.forEach(state.window.splice(0).toReversed(), (late) => deliver(parts, late))).pipe(
      Effect.delay(Math.max(state.delayMs, 100)),
      Effect.forkIn(scope),
      Effect.asVoid
    )
}
