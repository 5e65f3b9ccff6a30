import type { Channel } from "amqplib"
import { connect } from "amqplib"
import type { Scope } from "effect"
import { Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { get } from "node:http"
import { text } from "node:stream/consumers"
import { inject } from "vitest"
import type { Subscription } from "../Broker.ts"
import { makeNames } from "../internal/rabbitTopology.ts"
// Types what `inject` gives.
import "./rabbitMqSetup.ts"

/** Whether this run can have a RabbitMQ; if not, what needs it must be skipped, and the run says so at its end. */
export const isAvailable = inject("rabbitMq").kind !== "none"

/** Whether a test can start another one of its own, to kill it. */
export const canStartPrivate = inject("rabbitMq").kind === "own"

/** The URL of the RabbitMQ that all tests of the run share. */
export const url: Effect.Effect<Redacted.Redacted<string>> = Effect.async<string>((resume) => {
  get(inject("rabbitMq").door, (response) => {
    void text(response).then((said) =>
      resume(response.statusCode === 200 ? Effect.succeed(said) : Effect.dieMessage(said))
    )
  }).on("error", (error) => resume(Effect.die(error)))
}).pipe(Effect.map(Redacted.make), Effect.timeout("2 minutes"), Effect.orDie)

/** A channel to look behind the scenes with. */
export const channel = Effect.fn("RabbitMqTest.channel")(function*(broker: Redacted.Redacted<string>) {
  const connection = yield* Effect.acquireRelease(
    Effect.promise(() => connect(Redacted.value(broker))),
    (open) =>
      Effect.tryPromise(() => open.close()).pipe(Effect.interruptible, Effect.timeout("2 seconds"), Effect.ignore)
  )
  connection.on("error", () => {})
  const open = yield* Effect.promise(() => connection.createConfirmChannel())
  open.on("error", () => {})
  return open
})

/** A namespace for this test alone. What it holds of these subscriptions is deleted at the end. */
export const namespace = Effect.fn("RabbitMqTest.namespace")(function*(
  subscriptions: ReadonlyArray<Subscription>
): Effect.fn.Return<string, never, Scope.Scope> {
  const name = `test-${randomBytes(6).toString("hex")}`
  yield* Effect.addFinalizer(() =>
    Effect.flatMap(Effect.flatMap(url, channel), (open) => Effect.promise(() => remove(open, name, subscriptions)))
      .pipe(
        Effect.scoped,
        Effect.timeout("20 seconds"),
        Effect.ignore
      )
  )
  return name
})

const remove = async (open: Channel, namespace: string, subscriptions: ReadonlyArray<Subscription>) => {
  const { back, dead, deadQueueOf, exchange, queueOf, waits } = makeNames(namespace)
  const queues = subscriptions.flatMap(({ consumer }) => [queueOf(consumer), deadQueueOf(consumer)])
  for (const queue of [...queues, ...waits]) await open.deleteQueue(queue)
  for (const name of [exchange, back, dead, ...waits]) await open.deleteExchange(name)
}
