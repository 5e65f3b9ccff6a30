import type { Channel } from "amqplib"
import { Duration, Effect } from "effect"
import type { Subscription } from "../Broker.ts"
import * as Retry from "../Retry.ts"
import type { ChannelLost } from "./rabbitConnection.ts"
import { answered } from "./rabbitConnection.ts"

/** The delays that exist. A retry waits in the queue of the first that is long enough. */
const delays = Array.from(
  { length: Retry.attemptLimit },
  (_, index) => Duration.toMillis(Retry.redeliveryDelay(index + 1))
)

/**
 * How many deliveries of one message may end unsettled before the broker gives it up. A process that dies takes all that
 * it holds with it, so this is far above the number of times that anything crashes.
 */
const deliveryLimit = 100

/** A limit that is never reached. To switch it off takes a value that not every version of the broker knows. */
const noDeliveryLimit = 1_000_000_000

/** What things are called at the broker. */
export interface Names {
  /** The topic exchange where everything is said; the routing key is the type. */
  readonly exchange: string
  /** Where a delay that ended brings a message back to its consumer; the routing key is the consumer's name. */
  readonly back: string
  /** Where the broker sends what it gives up; the routing key is the consumer's name. */
  readonly dead: string
  readonly queueOf: (consumer: string) => string
  readonly deadQueueOf: (consumer: string) => string
  /** The routing key that leads from a service to one consumer alone. Its first word is what rights are given by. */
  readonly directTo: (service: string, consumer: string) => string
  /** Every delay has an exchange and a queue of one name. */
  readonly waits: ReadonlyArray<string>
  /** Those of the shortest delay that is long enough, or the longest there is. */
  readonly waitFor: (delay: Duration.Duration) => string
}

export const makeNames = (namespace: string): Names => ({
  exchange: namespace,
  back: `${namespace}.back`,
  dead: `${namespace}.dead`,
  queueOf: (consumer) => `${namespace}.${consumer}`,
  deadQueueOf: (consumer) => `${namespace}.${consumer}.dead`,
  directTo: (service, consumer) => `${service}.${direct}.${consumer}`,
  waits: delays.map((millis) => waitOf(namespace, millis)),
  waitFor: (delay) => waitOf(namespace, delays.find((known) => known >= Duration.toMillis(delay)) ?? longest)
})

/** No message has a type whose second word is this. */
const direct = "direct"

const longest = Math.max(...delays)
const waitOf = (namespace: string, millis: number) => `${namespace}.wait.${millis}ms`

/** A quorum queue that gives nothing up before the place it goes to has confirmed it. */
const quorum = (then: { readonly exchange: string; readonly routingKey?: string } | undefined, more: object) => ({
  durable: true,
  arguments: {
    "x-queue-type": "quorum",
    ...(then === undefined ? {} : {
      "x-dead-letter-exchange": then.exchange,
      "x-dead-letter-strategy": "at-least-once",
      // At least once demands it. Without a length limit nothing is refused.
      "x-overflow": "reject-publish",
      ...(then.routingKey === undefined ? {} : { "x-dead-letter-routing-key": then.routingKey })
    }),
    ...more
  }
})

/**
 * Makes the topology real, as far as it is not: the exchanges, the delays, and the queues of these subscriptions with
 * their dead-letter queues. Whoever publishes declares those of everybody, so that nothing said is lost because a
 * listener never started. A thing that exists with other arguments fails and closes the channel.
 */
export const declare = (
  channel: Channel,
  namespace: string,
  subscriptions: ReadonlyArray<Subscription>
): Effect.Effect<void, ChannelLost> =>
  // One after the other, so that of several refusals the first is told. Each step has the time that one answer may take:
  // all of them together are a hundred questions, which a busy broker answers slowly.
  Effect.forEach(stepsOf(channel, namespace, subscriptions), answered, { discard: true }).pipe(
    Effect.tapError(({ reason }) => Effect.logError(`RabbitMQ refuses the topology of ${namespace}: ${reason}`))
  )

const stepsOf = (channel: Channel, namespace: string, subscriptions: ReadonlyArray<Subscription>) => {
  const names = makeNames(namespace)
  const exchanges = async () => {
    await channel.assertExchange(names.exchange, "topic")
    await channel.assertExchange(names.back, "topic")
    await channel.assertExchange(names.dead, "topic")
  }
  const delay = (millis: number) => async () => {
    const wait = waitOf(namespace, millis)
    await channel.assertExchange(wait, "topic")
    await channel.assertQueue(wait, quorum({ exchange: names.back }, { "x-message-ttl": millis }))
    await channel.bindQueue(wait, wait, "#")
  }
  const queues = ({ consumer, types }: Subscription) => async () => {
    const queue = names.queueOf(consumer)
    const deadQueue = names.deadQueueOf(consumer)
    await channel.assertQueue(deadQueue, quorum(undefined, { "x-delivery-limit": noDeliveryLimit }))
    await channel.bindQueue(deadQueue, names.dead, consumer)
    const then = { exchange: names.dead, routingKey: consumer }
    await channel.assertQueue(queue, quorum(then, { "x-delivery-limit": deliveryLimit }))
    await channel.bindQueue(queue, names.back, consumer)
    await channel.bindQueue(queue, names.exchange, names.directTo("*", consumer))
    for (const type of types) await channel.bindQueue(queue, names.exchange, type)
  }
  return [exchanges, ...delays.map(delay), ...subscriptions.map(queues)]
}
