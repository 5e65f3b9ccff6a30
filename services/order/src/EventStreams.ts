import * as Slots from "@quartet/hosting/Slots"
import { Stopping } from "@quartet/hosting/Stopping"
import * as Worker from "@quartet/messaging/Worker"
import type { Scope } from "effect"
import { Array, Context, Effect, Either, Layer, Queue } from "effect"
import type { Readable } from "node:stream"
import type { Order } from "./domain/State.ts"
import * as EventStream from "./EventStream.ts"
import * as OpenAnswers from "./OpenAnswers.ts"
import { OrderViews } from "./Views.ts"
import { Watching } from "./Watching.ts"

/**
 * The streams that are open in this process. One worker reads what happened for all that have something to be told, and
 * another keeps all of them alive: an idle client costs no statement and no timer.
 */
export class EventStreams extends Context.Tag("@quartet/order/EventStreams")<EventStreams, {
  /**
   * What happened to the order after the version and whatever will, until it is over, the server stops or the scope
   * closes; refused while there are as many streams as there may be, of the order's customer or in all.
   */
  readonly open: (order: Order, after: number) => Effect.Effect<Either.Either<Readable, Crowd>, never, Scope.Scope>
}>() {}

/** Whose streams are too many: those of all, or those of one customer. */
export type Crowd = "all" | "customer"

/** So many streams are brought up to date by one statement, also when all clients come back at once. */
const atOnce = 256

/** Shorter than proxies wait for a sign of life. */
const heartbeat = "15 seconds"

/** The streams that are behind what was heard of their orders; for many of them at a time it is read what happened. */
const makeTelling = Effect.gen(function*() {
  const { histories } = yield* OrderViews
  const behind = new Map<EventStream.EventStream, Order>()
  const bell = yield* Queue.sliding<void>(1)
  const later = (stream: EventStream.EventStream, order: Order) => {
    behind.set(stream, order)
    bell.unsafeOffer(undefined)
  }
  // Meanwhile more may have been heard of an order; of a stream that was closed there is nothing to tell.
  const again = (stream: EventStream.EventStream, order: Order) => {
    if (stream.isOpen && !behind.has(stream)) later(stream, order)
  }
  const tellSome = Effect.suspend(() => {
    const due = Array.take(behind, atOnce)
    due.forEach(([stream]) => behind.delete(stream))
    if (behind.size > 0) bell.unsafeOffer(undefined)
    return histories(Array.dedupe(due.map(([, { orderId }]) => orderId))).pipe(
      Effect.map((rows) => {
        const happened = Array.groupBy(rows, ({ orderId }) => orderId)
        due.forEach(([stream, order]) => EventStream.tell(stream, order, happened[order.orderId] ?? []))
      }),
      Effect.onError(() => Effect.sync(() => due.forEach(([stream, order]) => again(stream, order))))
    )
  })
  yield* Worker.forever("Telling streams", Effect.zipRight(Queue.take(bell), tellSome))
  return { later, forget: (stream: EventStream.EventStream) => behind.delete(stream) }
})

export const layer = Layer.scoped(
  EventStreams,
  Effect.gen(function*() {
    const { watch } = yield* Watching
    const scope = yield* Effect.scope
    const { streams: most } = yield* OpenAnswers.limits
    const { streams: each } = yield* OpenAnswers.customerLimits
    const slots = Slots.make({ total: most, each })
    const telling = yield* makeTelling
    const streams = new Set<EventStream.EventStream>()
    let isStopping = false
    yield* Worker.forever("Heartbeat", Effect.delay(Effect.sync(() => streams.forEach(EventStream.beat)), heartbeat))

    const enter = (stream: EventStream.EventStream) =>
      Effect.acquireRelease(Effect.sync(() => streams.add(stream)), () =>
        Effect.sync(() => {
          streams.delete(stream)
          telling.forget(stream)
          EventStream.cut(stream)
        }))
    const stop = Effect.sync(() => {
      isStopping = true
      streams.forEach(EventStream.end)
    })
    // All come through one server: the first asks it, for all of them, to be told when it stops.
    const heedStop = yield* Effect.once(
      Effect.flatMap(Stopping, (stopping) => Effect.forkIn(Effect.zipRight(stopping, stop), scope))
    )

    const open = Effect.fnUntraced(function*(order: Order, after: number) {
      if (!slots.take(order.customerId)) return Either.left<Crowd>(slots.taken() < most ? "customer" : "all")
      yield* Effect.addFinalizer(() => Effect.sync(() => slots.release(order.customerId)))
      yield* heedStop
      const stream = EventStream.make(after)
      yield* enter(stream)
      yield* watch(order.orderId, order.version, (newer) => telling.later(stream, newer))
      if (after < order.version) telling.later(stream, order)
      if (isStopping) EventStream.end(stream)
      return Either.right(stream.body)
    })
    return EventStreams.of({ open })
  })
)
