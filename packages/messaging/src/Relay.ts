import type { SqlClient } from "@effect/sql"
import type { Scope } from "effect"
import { Clock, Context, Duration, Effect, Layer, Queue } from "effect"
import type { Broker } from "./Broker.ts"
import { makeChains } from "./internal/chains.ts"
import { outboxRows } from "./internal/outboxRows.ts"
import { makeLease } from "./internal/relayLease.ts"
import { makeShortage } from "./internal/shortage.ts"
import { takeWaiting } from "./internal/takeWaiting.ts"
import { Outbox } from "./Outbox.ts"
import * as Retry from "./Retry.ts"
import * as Worker from "./Worker.ts"

const onlyReplica = "only"

/**
 * Names this process among the replicas of its service. `only`, unless told otherwise, is for a process that is known to
 * run once, and takes over from the one before it without waiting for the lease to end.
 */
export class Replica extends Context.Reference<Replica>()("@quartet/messaging/Replica", {
  defaultValue: () => onlyReplica
}) {}

export interface Options {
  /** Names this relay among those of the same schema, in place of `Replica`: while it holds the lease, others stand by. */
  readonly holder?: string
  /** The most rows of one look. */
  readonly batch: number
  /** The most messages that are published and not yet marked. */
  readonly inFlight: number
  /** How often the outbox is looked at without being woken. */
  readonly poll: Duration.Duration
  /** How long confirms are collected before their rows are marked, all in one statement. */
  readonly linger: Duration.Duration
  /** How long a relay that fell silent keeps its lease. */
  readonly lease: Duration.Duration
}

export const defaultOptions: Options = {
  batch: 1000,
  inFlight: 4000,
  poll: Duration.millis(500),
  linger: Duration.millis(100),
  lease: Duration.seconds(3)
}

/**
 * What another replica commits wakes that one alone, and it may be this one that speaks. So one of several that speaks
 * looks by itself too, soon after it found something and otherwise; one that stands by does not look at all, and asks as
 * often as said here whether the lease became free.
 */
const replicaPoll = {
  busy: Duration.millis(25),
  idle: Duration.millis(100),
  busyFor: Duration.seconds(2),
  standBy: Duration.millis(100)
}

/**
 * The least time between two looks, in milliseconds, and where no time is left. The first commit after a quiet time is
 * looked at without delay. All that follows from a look is done in batches of what it found: so this is what makes those
 * larger that nobody waits for.
 */
const lookPause = { least: 8, most: 48, busy: { from: 0.6, to: 0.9 } }

interface State {
  readonly inFlight: Set<string>
  /** Whether the last look left something behind. */
  more: boolean
  /** When a look was last taken, and when one last found something, by the wall clock in milliseconds. */
  looked: number
  found: number
}

/**
 * Says what the outbox holds. It may say a thing twice and never zero times: a row is marked after its own confirm.
 * Messages of one subject are said one after the other; if one cannot be said, those after it wait. Two relays at once
 * keep that order too, since each says a subject's rows in order.
 */
export const make = Effect.fnUntraced(function*(
  options: Options = defaultOptions
): Effect.fn.Return<void, never, SqlClient.SqlClient | Broker | Outbox | Scope.Scope> {
  const { find, mark } = yield* outboxRows
  const holder = options.holder ?? (yield* Replica)
  // Made first, so given back last, when nothing is on its way any more.
  const speaks = yield* makeLease({ ...options, holder, standBy: Duration.min(options.poll, replicaPoll.standBy) })
  const outbox = yield* Outbox
  const confirmed = yield* Queue.bounded<string>(options.inFlight)
  const state: State = { inFlight: new Set(), more: false, looked: 0, found: 0 }
  const { inFlight } = state
  const say = yield* makeChains(confirmed, (rows) => rows.forEach(({ seq }) => inFlight.delete(seq)))
  const room = () => Math.max(0, Math.min(options.batch, options.inFlight - inFlight.size))

  // When as much as may be is under way, as while the broker is away, a look would find nothing, whoever wakes the relay.
  const look = Effect.gen(function*() {
    state.looked = yield* Clock.currentTimeMillis
    const held = yield* speaks
    const limit = room()
    state.more = held && limit === 0
    if (!held || limit === 0) return
    const rows = yield* find({ holder, limit, except: [...inFlight] })
    state.more = rows.length === limit
    if (rows.length > 0) state.found = state.looked
    for (const row of rows) inFlight.add(row.seq)
    say(rows)
  })
  const note = Effect.gen(function*() {
    const seqs = yield* takeWaiting(confirmed, options.inFlight, state.more ? undefined : options.linger)
    yield* Effect.retry(mark(seqs), Retry.outagePause)
    for (const seq of seqs) inFlight.delete(seq)
    if (state.more) yield* outbox.wake
  })
  // Commits that follow each other closely are looked at together; while more is waiting there is no pause.
  const shortage = makeShortage(lookPause.busy)
  const pauseNow = () => lookPause.least + (lookPause.most - lookPause.least) * shortage()
  const pause = Effect.suspend(() => state.more ? Effect.void : Effect.sleep(pauseNow()))
  const woken = Effect.zipRight(pause, Queue.take(outbox.woken))
  const untilEmpty = Effect.repeat(look, { while: () => state.more && room() === options.batch })
  yield* Worker.forever("Relay: looking", Effect.zipRight(woken, untilEmpty))
  yield* Worker.forever("Relay: marking", note)
  yield* Worker.forever("Relay: polling", yield* poll(options, holder, state))
  yield* outbox.wake
})

/** Wakes the relay whenever nobody did for a while. */
const poll = Effect.fnUntraced(function*(options: Options, holder: string, last: Pick<State, "looked" | "found">) {
  const { wake } = yield* Outbox
  const replicated = (quietFor: number) =>
    Duration.min(options.poll, quietFor < Duration.toMillis(replicaPoll.busyFor) ? replicaPoll.busy : replicaPoll.idle)
  return Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const pause = Duration.toMillis(holder === onlyReplica ? options.poll : replicated(now - last.found))
    const quiet = now - last.looked
    if (quiet >= pause) yield* wake
    yield* Effect.sleep(quiet >= pause ? pause : Math.min(pause, pause - quiet))
  })
})

export const layer = (
  options: Options = defaultOptions
): Layer.Layer<never, never, SqlClient.SqlClient | Broker | Outbox> => Layer.scopedDiscard(make(options))
