import type { SqlClient, SqlError } from "@effect/sql"
import type { ConfigError, Scope } from "effect"
import { Config, Context, Duration, Effect, Either, Layer, Metric, Queue } from "effect"
import type { Direct, Notice, Subscription } from "./Broker.ts"
import { Broker } from "./Broker.ts"
import { isManifest, manifestOf, readManifest, readReceipt, receiptOf } from "./internal/auditLetters.ts"
import type { Mark, Position, Redelivery, Subscriber } from "./internal/auditRows.ts"
import { auditRows, chunk } from "./internal/auditRows.ts"
import { Replica } from "./Relay.ts"
import * as Setting from "./Setting.ts"
import * as Worker from "./Worker.ts"

/**
 * Finds what a broker lost after it confirmed it, and publishes it again to the subscriber that lacks it.
 *
 * The relay's replica that holds the lease sends each subscriber a manifest of the messages it should have. The subscriber
 * answers with a receipt of those it has neither handled nor parked; what stays missing is sent to its queue alone.
 */
export class DeliveryAudit extends Context.Tag("@quartet/messaging/DeliveryAudit")<DeliveryAudit, {
  /** Whether every subscriber can be reached, and none is known to lack a message. */
  readonly complete: Effect.Effect<boolean, SqlError.SqlError>
}>() {}

export interface Options {
  readonly service: string
  /** Every consumer of the whole system, with the service that it belongs to. */
  readonly subscriptions: ReadonlyArray<Subscription & { readonly service: string }>
  /** Under which name a consumer claims its messages, where that is not its own. */
  readonly claimedAs?: Readonly<Record<string, string>>
  /** The time between two rounds. */
  readonly every: Duration.Duration
}

type Rows = Effect.Effect.Success<ReturnType<typeof auditRows>>

/** A message that is still being handled is none that was lost: it has this many rounds after it was reported missing. */
const graceRounds = 2

/** Positions that wait for the end of transactions, one for each round. */
const marksKept = 8

const missingNow = Metric.gauge("deliveries_missing", { description: "Messages that a subscriber reported missing" })
const unconfirmed = Metric.gauge("deliveries_unconfirmed_seconds", {
  description: "How long a subscriber has not confirmed what was published to it"
})
const lost = Metric.counter("deliveries_lost_total", {
  description: "Messages that the broker confirmed and a subscriber never got",
  incremental: true
})
const republished = Metric.counter("deliveries_republished_total", {
  description: "Messages published again to the one subscriber that lacked them",
  incremental: true
})

/** The subscribers of what this service says. */
const subscribersOf = ({ service, subscriptions }: Options): ReadonlyMap<string, Subscriber> =>
  new Map(
    subscriptions
      .map(({ consumer, types }) => ({ consumer, types: types.filter((type) => type.startsWith(`${service}.`)) }))
      .filter(({ types }) => types.length > 0)
      .map((subscriber) => [subscriber.consumer, subscriber])
  )

/** What one round leaves for the next. */
interface State {
  /** Positions not known to be committed yet, oldest first. */
  marks: ReadonlyArray<Mark>
  reached: Position | undefined
  /** Subscribers whose queue did not take the last manifest. */
  readonly unreachable: Set<string>
  /** Subscribers for whom more was published than their last manifest holds. */
  readonly more: Set<string>
  /** Whether the last round had anything to do. */
  busy: boolean
}

/** Everything up to a mark is committed once no transaction is open that began before it. */
const advance = (state: State, now: Mark) => {
  const settled = state.marks.filter(({ at }) => now.oldest === null || at < now.oldest)
  state.reached = settled.at(-1) ?? state.reached
  state.marks = [...state.marks.slice(settled.length), now].slice(0, marksKept)
}

const makeManifests = (options: Options, rows: Rows, direct: Direct, state: State) => {
  const { every, service } = options
  const replyTo = options.subscriptions.find((one) => one.service === service)?.consumer ?? service

  const send = Effect.fnUntraced(function*(subscriber: Subscriber, reached: Position) {
    const { consumer } = subscriber
    const manifest = yield* rows.open(subscriber, reached, every)
    if (manifest === undefined || manifest.ids.length === 0) return
    if (manifest.more) state.more.add(consumer)
    const { ids, number } = manifest
    const sent = yield* Effect.either(
      Effect.flatMap(
        manifestOf(service, consumer, { number, replyTo, ids }),
        (publication) => direct.send(consumer, publication)
      )
    )
    if (Either.isRight(sent)) return void state.unreachable.delete(consumer)
    yield* rows.unsent(subscriber, number)
    if (state.unreachable.has(consumer)) return
    state.unreachable.add(consumer)
    yield* Effect.logWarning(
      `The queue of ${consumer} takes no manifest: ${sent.left.reason} `
        + "Where services may not declare it, `quartet topology` does."
    )
  })
  return (subscribers: Iterable<Subscriber>) =>
    Effect.suspend(() => {
      const { reached } = state
      if (reached === undefined) return Effect.void
      return Effect.forEach(subscribers, (subscriber) => send(subscriber, reached), { discard: true })
    })
}

/** Sends what stayed missing to the one that lacks it. It stays on the list until the subscriber has it. */
const makeRedeliver = ({ every, service }: Options, rows: Rows, direct: Direct) => {
  const grace = Duration.times(every, graceRounds)
  const count = (counter: Metric.Metric.Counter<number>, consumer: string, by: number) =>
    Metric.incrementBy(Metric.tagged(Metric.tagged(counter, "service", service), "consumer", consumer), by)
  const tell = (sent: ReadonlyArray<Redelivery>) =>
    Effect.forEach(new Set(sent.map(({ consumer }) => consumer)), (consumer) => {
      const own = sent.filter((one) => one.consumer === consumer)
      return Effect.logWarning(`${own.length} messages never reached ${consumer} and are published to it again.`).pipe(
        Effect.zipRight(count(lost, consumer, own.filter(({ isFirst }) => isFirst).length)),
        Effect.zipRight(count(republished, consumer, own.length))
      )
    }, { discard: true })
  const batch = Effect.gen(function*() {
    const overdue = yield* rows.overdue(grace)
    const sent = yield* Effect.filter(
      overdue,
      (one) => Effect.map(Effect.either(direct.send(one.consumer, one)), Either.isRight),
      { concurrency: 64 }
    )
    if (sent.length > 0) yield* Effect.zipRight(rows.republished(sent), tell(sent))
    return sent.length
  })
  return Effect.repeat(batch, { while: (sent) => sent === chunk })
}

const makeMeasure = ({ service }: Options, rows: Rows) =>
  Effect.flatMap(rows.standing, (all) =>
    Effect.forEach(all, ({ consumer, missing, unanswered }) => {
      const own = (gauge: Metric.Metric.Gauge<number>) =>
        Metric.tagged(Metric.tagged(gauge, "service", service), "consumer", consumer)
      return Effect.zipRight(Metric.set(own(missingNow), missing), Metric.set(own(unconfirmed), unanswered))
    }, { discard: true }))

/** Answers manifests, and takes the receipts of this service's own. */
const makeTake = (options: Options, rows: Rows, direct: Direct, received: (receipt: Received) => void) => {
  const { service } = options
  const subscribers = subscribersOf(options)
  const ownerOf = new Map(options.subscriptions.map(({ consumer, service }) => [consumer, service]))

  const answer = Effect.fnUntraced(function*(notice: Notice) {
    const { consumer } = notice
    const { ids, number, replyTo } = yield* readManifest(notice)
    if (ownerOf.get(replyTo) !== notice.sender) return
    const as = options.claimedAs?.[consumer] ?? consumer
    const missing = yield* rows.lacking({ consumer, as, ids })
    yield* direct.send(replyTo, yield* receiptOf(service, replyTo, { consumer, number, missing }))
  })
  const take = Effect.fnUntraced(function*(notice: Notice) {
    const { consumer, missing, number } = yield* readReceipt(notice)
    const subscriber = subscribers.get(consumer)
    if (subscriber === undefined || ownerOf.get(consumer) !== notice.sender) return
    if (yield* rows.answered(subscriber, number, missing)) received({ consumer, missing: missing.length })
  })
  return (notice: Notice) =>
    (isManifest(notice) ? answer(notice) : take(notice)).pipe(
      // It is sent again: nothing rests on one notice.
      Effect.catchAll((error) => Effect.logWarning(`A ${notice.type} of ${notice.sender} came to nothing.`, error))
    )
}

interface Received {
  readonly consumer: string
  readonly missing: number
}

const audited = Effect.fnUntraced(function*(
  options: Options,
  direct: Direct
): Effect.fn.Return<DeliveryAudit["Type"], never, SqlClient.SqlClient | Scope.Scope> {
  const rows = yield* auditRows(yield* Replica)
  const subscribers = subscribersOf(options)
  const consumers = [...subscribers.keys()]
  const state: State = { marks: [], reached: undefined, unreachable: new Set(), more: new Set(), busy: false }
  const manifests = makeManifests(options, rows, direct, state)
  // Two at once would send everything twice.
  const one = yield* Effect.makeSemaphore(1)
  const redeliver = one.withPermits(1)(makeRedeliver(options, rows, direct))
  const woken = yield* Queue.sliding<void>(1)
  const named = (names: ReadonlyArray<string>) => names.flatMap((name) => subscribers.get(name) ?? [])
  let isEnrolled = false

  const round = Effect.gen(function*() {
    if (!isEnrolled) yield* rows.enroll(consumers)
    isEnrolled = true
    advance(state, yield* rows.mark)
    const open = state.reached === undefined ? [] : yield* rows.unconfirmed(state.reached)
    for (const consumer of state.unreachable) if (!open.includes(consumer)) state.unreachable.delete(consumer)
    if (open.length === 0 && !state.busy) return
    state.busy = open.length > 0
    yield* manifests(named(open))
    yield* redeliver
    yield* makeMeasure(options, rows)
  }).pipe(Effect.catchTags({ ParseError: Effect.die, NoSuchElementException: Effect.die }))
  const goOn = Effect.gen(function*() {
    yield* Queue.take(woken)
    const more = [...state.more]
    state.more.clear()
    yield* manifests(named(more))
    yield* redeliver
  }).pipe(Effect.catchTag("ParseError", Effect.die))
  const take = makeTake(options, rows, direct, ({ consumer, missing }) => {
    if (missing > 0 || state.more.has(consumer)) woken.unsafeOffer(undefined)
  })

  yield* Worker.forever("Audit of deliveries", Effect.zipRight(round, Effect.sleep(options.every)))
  yield* Worker.forever("Audit of deliveries: going on", goOn)
  yield* Worker.forever("Audit of deliveries: notices", Effect.flatMap(Queue.take(direct.notices), take))
  const grace = Duration.times(options.every, graceRounds)
  return {
    complete: Effect.map(rows.isComplete(consumers, grace), (are) => are && state.unreachable.size === 0)
  }
})

/** A broker that keeps nothing loses nothing: it has taken a message when every subscriber has committed it. */
const nothingToAudit: DeliveryAudit["Type"] = { complete: Effect.succeed(true) }

export const make = (
  options: Options
): Effect.Effect<DeliveryAudit["Type"], never, SqlClient.SqlClient | Broker | Scope.Scope> =>
  Effect.flatMap(
    Broker,
    ({ direct }) => direct === undefined ? Effect.succeed(nothingToAudit) : audited(options, direct)
  )

/**
 * A loss is published again after four rounds or so. Shorter rounds would take what a slow provider holds up, 27 seconds at
 * most, for lost; longer ones would leave a loss unnoticed for more than a minute.
 */
export const every: Config.Config<Duration.Duration> = Setting.duration("DELIVERY_AUDIT_EVERY", {
  shortest: "100 millis",
  longest: "1 hour",
  described: "1 hour, such as \"10 seconds\""
}).pipe(Config.withDefault(Duration.seconds(10)))

/** The same, every `DELIVERY_AUDIT_EVERY`. */
export const layer = (
  options: Omit<Options, "every">
): Layer.Layer<DeliveryAudit, ConfigError.ConfigError, SqlClient.SqlClient | Broker> =>
  Layer.scoped(DeliveryAudit, Effect.flatMap(every, (every) => make({ ...options, every })))
