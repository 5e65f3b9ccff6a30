import type { SqlClient } from "@effect/sql"
import type { Scope } from "effect"
import { Clock, Context, Duration, Effect, Layer, Queue } from "effect"
import type { Broker } from "./Broker.ts"
import { makeChains } from "./internal/chains.ts"
import { outboxRows } from "./internal/outboxRows.ts"
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
 * How often a replica looks without being woken, soon after it found something and otherwise: what another replica commits
 * wakes that one alone, and it may be this one that holds the lease.
 */
const replicaPoll = { busy: Duration.millis(25), idle: Duration.millis(100), busyFor: Duration.seconds(2) }

const pollAfter = (quietFor: number, poll: Duration.Duration, holder: string): Duration.Duration => {
  if (holder === onlyReplica) return poll
  return Duration.min(poll, quietFor < Duration.toMillis(replicaPoll.busyFor) ? replicaPoll.busy : replicaPoll.idle)
}

/** The least time between two looks. The first commit after a quiet time is looked at without delay. */
const lookPause = Duration.millis(8)

/**
 * Says what the outbox holds. It may say a thing twice and never zero times: a row is marked after its own confirm.
 * Messages of one subject are said one after the other; if one cannot be said, those after it wait. Two relays at once
 * keep that order too, since each says a subject's rows in order.
 */
export const make = Effect.fnUntraced(function*(
  options: Options = defaultOptions
): Effect.fn.Return<void, never, SqlClient.SqlClient | Broker | Outbox | Scope.Scope> {
  const { find, mark, release } = yield* outboxRows
  const holder = options.holder ?? (yield* Replica)
  const outbox = yield* Outbox
  const inFlight = new Set<string>()
  const confirmed = yield* Queue.bounded<string>(options.inFlight)
  const say = yield* makeChains(confirmed, (rows) => rows.forEach(({ seq }) => inFlight.delete(seq)))
  const room = () => Math.max(0, Math.min(options.batch, options.inFlight - inFlight.size))
  let more = false
  const last = { found: 0, looked: 0 }
  // Added first, so done last: another replica goes on at once instead of when the lease ends.
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(Effect.interruptible(release(holder)), "1 second")))

  // When as much as may be is under way, as while the broker is away, a look finds nothing, whoever wakes the relay; now and
  // then it is taken all the same, since it prolongs the lease.
  const look = Effect.gen(function*() {
    const limit = room()
    const now = yield* Clock.currentTimeMillis
    more = limit === 0
    if (more && now - last.looked < Duration.toMillis(options.poll)) return
    last.looked = now
    const rows = yield* find({ ...options, holder, limit, except: [...inFlight] })
    more = rows.length === limit
    if (rows.length > 0) last.found = now
    for (const row of rows) inFlight.add(row.seq)
    say(rows)
  })
  const note = Effect.gen(function*() {
    const seqs = yield* takeWaiting(confirmed, options.inFlight, more ? undefined : options.linger)
    yield* Effect.retry(mark(seqs), Retry.outagePause)
    for (const seq of seqs) inFlight.delete(seq)
    if (more) yield* outbox.wake
  })
  // Commits that follow each other closely are looked at together; while more is waiting there is no pause.
  const pause = Effect.suspend(() => more ? Effect.void : Effect.sleep(lookPause))
  const woken = Effect.zipRight(pause, Queue.take(outbox.woken))
  const untilEmpty = Effect.repeat(look, { while: () => more && room() === options.batch })
  yield* Worker.forever("Relay: looking", Effect.zipRight(woken, untilEmpty))
  yield* Worker.forever("Relay: marking", note)
  const poll = Effect.map(Clock.currentTimeMillis, (now) => pollAfter(now - last.found, options.poll, holder))
  yield* Worker.forever("Relay: polling", Effect.zipRight(Effect.flatMap(poll, Effect.sleep), outbox.wake))
  yield* outbox.wake
})

export const layer = (
  options: Options = defaultOptions
): Layer.Layer<never, never, SqlClient.SqlClient | Broker | Outbox> => Layer.scopedDiscard(make(options))
