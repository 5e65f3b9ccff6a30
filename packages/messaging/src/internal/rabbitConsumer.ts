import type { Channel, ConsumeMessage } from "amqplib"
import type { Duration, Scope } from "effect"
import { Deferred, Effect, FiberSet, Queue } from "effect"
import { isUtf8 } from "node:buffer"
import type { Delivery, Subscription } from "../Broker.ts"
import * as Retry from "../Retry.ts"
import * as Worker from "../Worker.ts"
import type { Acks } from "./rabbitAcks.ts"
import { makeAcks } from "./rabbitAcks.ts"
import type { Connection } from "./rabbitConnection.ts"
import { answered, ChannelLost, openChannel } from "./rabbitConnection.ts"
import type { Outbound, Publisher } from "./rabbitPublisher.ts"
import { sent } from "./rabbitPublisher.ts"
import type { Names } from "./rabbitTopology.ts"
import { makeNames } from "./rabbitTopology.ts"

/** Which attempt a message is, on a copy that comes back after a delay. A redelivery by the broker is none. */
export const attemptHeader = "x-quartet-attempt"

/** The most deliveries that are out and not settled, and of them the most from the dead-letter queue. */
const prefetch = 512
const deadPrefetch = 16

/** A channel that delivers. Once it is closed, its deliveries belong to the broker again. */
interface Session {
  readonly acks: Acks<ConsumeMessage>
  open: boolean
}

export interface Intake {
  readonly deliveries: Queue.Dequeue<Delivery>
  readonly consuming: () => boolean
}

export interface Options {
  readonly namespace: string
  readonly subscription: Subscription
  readonly connection: Connection
  readonly publisher: Publisher
  /** Makes the queue that is consumed, on every new channel. */
  readonly declare: (channel: Channel) => Effect.Effect<void, ChannelLost>
  /** A copy of a message for one of the delays. */
  readonly copy: (message: ConsumeMessage, exchange: string, consumer: string, attempt: number) => Outbound
  /** Takes a message that is no delivery, which is settled then. */
  readonly divert: (message: ConsumeMessage) => boolean
}

/**
 * Consumes the queue of one consumer and its dead-letter queue. Whenever the channel is closed or the broker cancels, it
 * begins anew, declaring the queue again.
 */
export const makeIntake = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Intake, never, Scope.Scope> {
  const { connection, namespace, subscription } = options
  const names = makeNames(namespace)
  // Room for what a lost channel left behind beside what the next one brings.
  const queue = yield* Queue.bounded<Delivery>(2 * (prefetch + deadPrefetch))
  const toDelivery = yield* makeToDelivery(options, names)
  let consuming = false

  const session = Effect.gen(function*() {
    const { channel, lost } = yield* openChannel(connection, (model) => model.createChannel())
    yield* options.declare(channel)
    const session = yield* begin(channel, () => {
      consuming = false
    })
    const cancelled = yield* Deferred.make<never, ChannelLost>()
    const consume = (name: string, limit: number, dead: boolean) =>
      answered(async () => {
        await channel.prefetch(limit)
        await channel.consume(name, (message) => {
          if (message !== null) {
            if (!dead && options.divert(message)) return settleAtOnce(session, message)
            return void queue.unsafeOffer(toDelivery(session, message, dead))
          }
          return Deferred.unsafeDone(
            cancelled,
            new ChannelLost({ reason: `The broker ended the delivery of ${name}.` })
          )
        })
      })
    yield* makeRoom(queue)
    yield* consume(names.queueOf(subscription.consumer), prefetch, false)
    yield* consume(names.deadQueueOf(subscription.consumer), deadPrefetch, true)
    consuming = true
    return yield* Effect.raceFirst(lost, Deferred.await(cancelled))
  })
  yield* Worker.forever(`RabbitMQ consumer ${subscription.consumer}`, Effect.scoped(session))
  return { deliveries: queue, consuming: () => consuming }
})

/** What was settled in time is acknowledged before the channel is closed. */
const begin = (channel: Channel, ended: () => void) =>
  Effect.acquireRelease(
    Effect.sync((): Session => ({ acks: makeAcks(channel), open: true })),
    (session) =>
      Effect.sync(() => {
        session.acks.close()
        session.open = false
        ended()
      })
  )

/** What the last channel left is still worth handling, unless it would leave no room for what comes now. */
const makeRoom = (queue: Queue.Queue<Delivery>) =>
  Effect.flatMap(Queue.size(queue), (size) => Queue.takeUpTo(queue, Math.max(0, size - prefetch - deadPrefetch)))

const makeToDelivery = Effect.fnUntraced(function*({ copy, publisher, subscription }: Options, names: Names) {
  const fork = yield* FiberSet.makeRuntime<never, void, never>()
  return (session: Session, message: ConsumeMessage, dead: boolean): Delivery => {
    const attempt = attemptOf(message)
    session.acks.delivered(message)
    // Only on the channel that delivered: the number means another message elsewhere.
    const acknowledge = () => session.acks.settled(message)
    /** The copy first, then the original: lost on the way, it is there twice and never zero times. */
    const retry = (after: Duration.Duration) =>
      Effect.suspend(() => {
        const again = copy(message, names.waitFor(after), subscription.consumer, attempt + 1)
        return session.open ? sent(publisher, again) : Effect.void
      }).pipe(Effect.retry(Retry.outagePause), Effect.zipRight(Effect.sync(acknowledge)), Effect.ignore)
    return {
      ...bodyOf(message),
      attempt,
      ...(dead ? { dead: causeOfDeath(message) } : {}),
      settle: (disposition) =>
        Effect.sync(() => disposition._tag === "Acknowledge" ? acknowledge() : void fork(retry(disposition.after)))
    }
  }
})

const settleAtOnce = ({ acks }: Session, message: ConsumeMessage) => {
  acks.delivered(message)
  acks.settled(message)
}

/** Bytes that are no text are kept as they are: decoded, each wrong one would become another character. */
const bodyOf = ({ content }: ConsumeMessage): Pick<Delivery, "body" | "encoding"> =>
  isUtf8(content) ? { body: content.toString("utf8") } : { body: content.toString("base64"), encoding: "base64" }

const attemptOf = ({ properties }: ConsumeMessage): number => {
  const attempt: unknown = properties.headers?.[attemptHeader]
  return typeof attempt === "number" && Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1
}

const causeOfDeath = ({ properties }: ConsumeMessage): string =>
  `The broker gave it up (${properties.headers?.["x-first-death-reason"] ?? "unknown reason"}): it was delivered again `
  + "and again without being settled, as happens when it brings the process down."
