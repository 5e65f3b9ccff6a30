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

/** Runs in the broker's scope what nobody waits for. */
type Run = (effect: Effect.Effect<void>) => Fiber.RuntimeFiber<void>

/**
 * A broker for services that share a process. It keeps nothing itself: a publish succeeds only when every subscriber
 * has committed the message, so until then it rests in the speaker's outbox and a crash loses nothing.
 */
export const layer = (subscriptions: ReadonlyArray<Subscription>): Layer.Layer<Broker> =>
  Layer.scoped(
    Broker,
    Effect.gen(function*() {
      const run = yield* FiberSet.makeRuntime<never, void, never>()
      const { channels, listenersOf } = yield* makeChannels(subscriptions)

      /** Hands it to all who listen; what is returned takes it back from those who have no room yet. */
      const handOver = ({ body, type }: Publication, told: Told): ReadonlyArray<Effect.Effect<void>> => {
        const listeners = listenersOf.get(type) ?? []
        let missing = listeners.length
        const committed = () => {
          missing -= 1
          if (missing === 0) told(Exit.void)
        }
        if (missing === 0) {
          const failed = Exit.fail(new Unpublished({ reason: `Nobody hears ${type}.` }))
          run(Effect.zipRight(Effect.yieldNow(), Effect.sync(() => told(failed))))
        }
        return listeners.map((channel) => deliver(channel, body, committed, run))
      }
      return Broker.of({
        publish: (publication) =>
          Effect.async((resume) => Effect.all(handOver(publication, resume), { discard: true })),
        unsafePublish: (publication, told) => void handOver(publication, told),
        deliveries: (consumer) => attach(channels.get(consumer), consumer, run),
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

/** Hands a message to one consumer; what is returned takes it back, as long as it waits for room. */
const deliver = (channel: Channel, body: string, committed: () => void, run: Run): Effect.Effect<void> => {
  const delivery = makeDelivery(channel, body, 1, committed, run)
  // Nearly always there is room, and a fiber for each message would cost more than all else that is done for it here.
  if (channel.queue.unsafeOffer(delivery)) return Effect.void
  const withdraw = Effect.sync(() => channel.unsettled.delete(delivery))
  const waiting = run(Effect.asVoid(Effect.onInterrupt(Queue.offer(channel.queue, delivery), () => withdraw)))
  return Effect.asVoid(Fiber.interrupt(waiting))
}

const makeDelivery = (
  channel: Channel,
  body: string,
  attempt: number,
  committed: () => void,
  run: Run
): Delivery => {
  const delivery: Delivery = {
    body,
    attempt,
    settle: (disposition: Disposition) =>
      Effect.suspend(() => {
        // Settled before, by a consumer that went away meanwhile.
        if (!channel.unsettled.delete(delivery)) return Effect.void
        if (disposition._tag === "Acknowledge") return Effect.sync(committed)
        const again = makeDelivery(channel, body, attempt + 1, committed, run)
        return Effect.sync(() => run(Effect.asVoid(Effect.delay(Queue.offer(channel.queue, again), disposition.after))))
      })
  }
  channel.unsettled.add(delivery)
  return delivery
}

/** What a consumer took and did not settle before it went away is put back for the next of its name. */
const attach = (
  channel: Channel | undefined,
  consumer: string,
  run: Run
) =>
  channel === undefined
    ? Effect.dieMessage(`The topology names no consumer ${consumer}.`)
    : Effect.acquireRelease(
      Effect.succeed(channel.queue),
      (queue) => Effect.map(Queue.takeAll(queue), () => run(Effect.asVoid(Queue.offerAll(queue, channel.unsettled))))
    )
