import { Deferred, Effect, FiberSet, Layer, Queue } from "effect"
import type { Delivery, Disposition, Publication, Subscription } from "./Broker.ts"
import { Broker, Unpublished } from "./Broker.ts"

/** How many deliveries wait for each consumer before publishers are held back. */
const capacity = 1024

interface Channel {
  readonly queue: Queue.Queue<Delivery>
  /** Taken and not settled yet: they come again when their consumer goes away. */
  readonly unsettled: Set<Delivery>
}

/**
 * A broker for services that share a process. It keeps nothing itself: a publish succeeds only when every subscriber
 * has committed the message, so until then it rests in the speaker's outbox and a crash loses nothing.
 */
export const layer = (subscriptions: ReadonlyArray<Subscription>): Layer.Layer<Broker> =>
  Layer.scoped(
    Broker,
    Effect.gen(function*() {
      const redeliver = yield* FiberSet.makeRuntime<never, void, never>()
      const { channels, listenersOf } = yield* makeChannels(subscriptions)

      const deliver = (channel: Channel, { body }: Publication) =>
        Effect.gen(function*() {
          const committed = yield* Deferred.make<void>()
          const delivery = makeDelivery(channel, body, 1, committed, redeliver)
          yield* Effect.onInterrupt(
            Queue.offer(channel.queue, delivery),
            () => Effect.sync(() => channel.unsettled.delete(delivery))
          )
          yield* Deferred.await(committed)
        })
      const publish = (publication: Publication) => {
        const [only, ...others] = listenersOf.get(publication.type) ?? []
        if (only === undefined) return new Unpublished({ reason: `Nobody hears ${publication.type}.` })
        return others.length === 0
          ? deliver(only, publication)
          : Effect.forEach([only, ...others], (channel) => deliver(channel, publication), {
            concurrency: "unbounded",
            discard: true
          })
      }
      const run = yield* FiberSet.makeRuntime<never, void, Unpublished>()
      return Broker.of({
        publish,
        unsafePublish: (publication, told) =>
          void run(Effect.zipRight(Effect.yieldNow(), publish(publication))).addObserver(told),
        deliveries: (consumer) => attach(channels.get(consumer), consumer, redeliver),
        ready: Effect.succeed(true)
      })
    })
  )

const makeChannels = Effect.fnUntraced(function*(subscriptions: ReadonlyArray<Subscription>) {
  const channels = new Map<string, Channel>()
  for (const { consumer } of subscriptions) {
    channels.set(consumer, { queue: yield* Queue.bounded<Delivery>(capacity), unsettled: new Set() })
  }
  const listeners = (type: string) =>
    subscriptions.flatMap(({ consumer, types }) => {
      const channel = types.includes(type) ? channels.get(consumer) : undefined
      return channel === undefined ? [] : [channel]
    })
  const listenersOf = new Map(subscriptions.flatMap(({ types }) => types.map((type) => [type, listeners(type)])))
  return { channels, listenersOf }
})

const makeDelivery = (
  channel: Channel,
  body: string,
  attempt: number,
  committed: Deferred.Deferred<void>,
  redeliver: (effect: Effect.Effect<void>) => unknown
): Delivery => {
  const delivery: Delivery = {
    body,
    attempt,
    settle: (disposition: Disposition) =>
      Effect.suspend(() => {
        channel.unsettled.delete(delivery)
        if (disposition._tag === "Acknowledge") return Effect.asVoid(Deferred.succeed(committed, undefined))
        const again = makeDelivery(channel, body, attempt + 1, committed, redeliver)
        return Effect.sync(() =>
          redeliver(Effect.asVoid(Effect.delay(Queue.offer(channel.queue, again), disposition.after)))
        )
      })
  }
  channel.unsettled.add(delivery)
  return delivery
}

/** What a consumer took and did not settle before it went away is put back for the next of its name. */
const attach = (
  channel: Channel | undefined,
  consumer: string,
  redeliver: (effect: Effect.Effect<void>) => unknown
) =>
  channel === undefined
    ? Effect.dieMessage(`The topology names no consumer ${consumer}.`)
    : Effect.acquireRelease(
      Effect.succeed(channel.queue),
      (queue) =>
        Effect.map(Queue.takeAll(queue), () => redeliver(Effect.asVoid(Queue.offerAll(queue, channel.unsettled))))
    )
