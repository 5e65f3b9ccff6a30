import { Effect, Exit, Fiber, FiberSet, Layer, Queue } from "effect"
import type { Delivery, Disposition, Publication, Subscription, Told } from "./Broker.ts"
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

      const deliver = yield* makeDeliver(redeliver)
      const fail = yield* FiberSet.makeRuntime<never, void, Unpublished>()

      const deliverAll = ({ body }: Publication, listeners: ReadonlyArray<Channel>, committed: () => void) => {
        let missing = listeners.length
        const one = () => {
          missing -= 1
          if (missing === 0) committed()
        }
        return listeners.map((channel) => deliver(channel, body, one))
      }
      const nobody = ({ type }: Publication) => new Unpublished({ reason: `Nobody hears ${type}.` })
      const publish = (publication: Publication) => {
        const listeners = listenersOf.get(publication.type) ?? []
        return listeners.length === 0
          ? nobody(publication)
          : Effect.async<void>((resume) => {
            const takeBack = deliverAll(publication, listeners, () => resume(Effect.void))
            return Effect.all(takeBack, { discard: true })
          })
      }
      const unsafePublish = (publication: Publication, told: Told): void => {
        const listeners = listenersOf.get(publication.type) ?? []
        if (listeners.length > 0) return void deliverAll(publication, listeners, () => told(Exit.void))
        fail(Effect.zipRight(Effect.yieldNow(), nobody(publication))).addObserver(told)
      }
      return Broker.of({
        publish,
        unsafePublish,
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

/** How a message is handed to one consumer; what is returned takes it back, as long as it waits for room. */
const makeDeliver = (redeliver: (effect: Effect.Effect<void>) => unknown) =>
  Effect.map(
    FiberSet.makeRuntime<never, void, never>(),
    (run) => (channel: Channel, body: string, committed: () => void): Effect.Effect<void> => {
      const delivery = makeDelivery(channel, body, 1, committed, redeliver)
      // Nearly always there is room, and a fiber for each message would cost more than all else that is done for it here.
      if (channel.queue.unsafeOffer(delivery)) return Effect.void
      const withdraw = Effect.sync(() => channel.unsettled.delete(delivery))
      const waiting = run(Effect.asVoid(Effect.onInterrupt(Queue.offer(channel.queue, delivery), () => withdraw)))
      return Effect.asVoid(Fiber.interrupt(waiting))
    }
  )

const makeDelivery = (
  channel: Channel,
  body: string,
  attempt: number,
  committed: () => void,
  redeliver: (effect: Effect.Effect<void>) => unknown
): Delivery => {
  const delivery: Delivery = {
    body,
    attempt,
    settle: (disposition: Disposition) =>
      Effect.suspend(() => {
        // Settled before, by a consumer that went away meanwhile.
        if (!channel.unsettled.delete(delivery)) return Effect.void
        if (disposition._tag === "Acknowledge") return Effect.sync(committed)
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
