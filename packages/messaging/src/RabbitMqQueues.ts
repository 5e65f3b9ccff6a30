import type { ChannelModel } from "amqplib"
import { connect } from "amqplib"
import { Effect, Redacted, Schema } from "effect"
import type { Subscription } from "./Broker.ts"
import { makeNames } from "./internal/rabbitTopology.ts"

/** The broker cannot be asked: it is away, or does not let us in. */
export class QueuesUnreachable extends Schema.TaggedError<QueuesUnreachable>()("QueuesUnreachable", {
  reason: Schema.String
}) {
  override get message() {
    return `The broker cannot be asked: ${this.reason}.`
  }
}

/** How many messages a queue holds that were handed to nobody; `undefined` when there is no such queue. */
export interface Depth {
  readonly queue: string
  readonly messages: number | undefined
}

/** Milliseconds. */
const patience = 5000

/** What waits in the queue of each consumer, and in its dead-letter queue. Nothing is declared or taken. */
export const depths = Effect.fn("RabbitMqQueues.depths")(function*(
  options: {
    readonly url: Redacted.Redacted<string>
    readonly subscriptions: ReadonlyArray<Subscription>
    readonly namespace: string
  }
) {
  const names = makeNames(options.namespace)
  const queues = options.subscriptions.flatMap(({ consumer }) => [names.queueOf(consumer), names.deadQueueOf(consumer)])
  const connection = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => connect(Redacted.value(options.url), { timeout: patience }),
      catch: (error) => new QueuesUnreachable({ reason: reasonOf(error) })
    }),
    (open) => Effect.ignore(Effect.tryPromise(() => open.close()))
  )
  // What becomes of the connection is told by the question that it leaves unanswered.
  connection.on("error", () => {})
  return yield* Effect.forEach(queues, (queue) => depthOf(connection, queue))
}, Effect.scoped)

/** On a channel of its own, since asking for a queue that is not there closes it. */
const depthOf = (connection: ChannelModel, queue: string): Effect.Effect<Depth, QueuesUnreachable> =>
  Effect.tryPromise({
    try: async () => {
      const channel = await connection.createChannel()
      channel.on("error", () => {})
      const { messageCount } = await channel.checkQueue(queue)
      await channel.close()
      return messageCount
    },
    catch: reasonOf
  }).pipe(
    Effect.map((messages): Depth => ({ queue, messages })),
    Effect.catchAll((reason) =>
      reason.includes("NOT_FOUND")
        ? Effect.succeed<Depth>({ queue, messages: undefined })
        : new QueuesUnreachable({ reason })
    )
  )

/** The library's sentence, which names no password. */
const reasonOf = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  return text.split("\n")[0]?.replace(/[.;\s]+$/, "") ?? text
}
