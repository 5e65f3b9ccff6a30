import { Clock, type Context, Effect, FiberMap, type Scope } from "effect"
import * as Backlog from "./Backlog.ts"
import { told } from "./Chaos.ts"
import type * as Delivery from "./Delivery.ts"
import type { Ledger } from "./Ledger.ts"
import type { Conduct } from "./Webhooks.ts"

/** What is known of deliveries besides what the ledger keeps. */
export interface State {
  mode: Conduct["mode"]
  delayMs: number
  delivered: number
  failed: number
  lost: number
  readonly holding: Array<Backlog.Turn>
  readonly window: Array<Backlog.Turn>
}

export interface Parts {
  readonly state: State
  readonly backlog: Backlog.Backlog
  readonly ledger: Context.Tag.Service<Ledger>
  readonly post: Delivery.Delivery
  /** Those that chaos makes late, each with its clock. */
  readonly late: FiberMap.FiberMap<string>
  readonly scope: Scope.Scope
}

const concurrency = 16

const keptSeconds = 3 * 24 * 60 * 60

/** How long an event of chaos waits for others to overtake it, in milliseconds. */
const overtakingMillis = 300

/** Takes turns as they come, for as long as the scope is open. */
export const work = (parts: Parts): Effect.Effect<void, never, Scope.Scope> =>
  Effect.replicateEffect(
    Effect.forkScoped(Effect.forever(Effect.flatMap(parts.backlog.take, (turn) => handleSafely(parts, turn)))),
    concurrency,
    { discard: true }
  )

/** Sends what was held, and answers how many that is. */
export const release = ({ backlog, state }: Parts): Effect.Effect<number> =>
  Effect.suspend(() => {
    const held = state.holding.splice(0)
    return Effect.as(backlog.now(held.map((turn) => ({ ...turn, released: true }))), held.length)
  })

/** Sends what is late. An event that goes off at this very moment is sent twice, as it may be at any other. */
export const hurry = ({ backlog, late }: Parts): Effect.Effect<void> =>
  Effect.gen(function*() {
    const ids = [...late].map(([id]) => id)
    yield* FiberMap.clear(late)
    const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    yield* backlog.now(ids.map((id) => Backlog.firstTurn(id, seconds, told)))
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
      return collect(parts, turn, Math.max(state.delayMs, 100))
    case "deliver":
    case "duplicate":
      return befall(parts, turn)
  }
}

const befall = (parts: Parts, turn: Backlog.Turn): Effect.Effect<void> => {
  const usual = { ...turn, fate: told }
  switch (turn.fate._tag) {
    case "lost":
      return lose(parts, turn)
    case "late": {
      const sent = Effect.delay(parts.backlog.now([usual]), turn.fate.delayMs)
      return Effect.asVoid(FiberMap.run(parts.late, turn.eventId, sent))
    }
    case "reordered":
      return collect(parts, usual, overtakingMillis)
    case "duplicated":
    case "told":
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
    const twice = state.mode === "duplicate" || turn.fate._tag === "duplicated"
    const both = Effect.zipWith(post(event), post(event), (one, other) => one || other, { concurrent: true })
    const delivered = yield* twice ? both : post(event)
    if (delivered) {
      state.delivered += 1
      return yield* settle(parts, turn)
    }
    state.failed += 1
    const now = yield* Clock.currentTimeMillis
    yield* now / 1000 - turn.since > keptSeconds ? lose(parts, turn) : backlog.retry(turn)
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
const collect = (parts: Parts, turn: Backlog.Turn, millis: number): Effect.Effect<void> => {
  const { scope, state } = parts
  state.window.push(turn)
  return state.window.length > 1
    ? Effect.void
    : Effect.suspend(() => Effect.forEach(state.window.splice(0).toReversed(), (late) => deliver(parts, late))).pipe(
      Effect.delay(millis),
      Effect.forkIn(scope),
      Effect.asVoid
    )
}
