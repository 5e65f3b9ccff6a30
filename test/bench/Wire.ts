import type { Subscription } from "@quartet/messaging/Broker"
import { Broker } from "@quartet/messaging/Broker"
import * as RabbitMq from "@quartet/messaging/RabbitMq"
import type { ConfirmChannel } from "amqplib"
import { connect } from "amqplib"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { randomBytes } from "node:crypto"

/** Where the RabbitMQ of the run is. */
export class Wire extends Context.Tag("@quartet/test/bench/Wire")<Wire, { readonly url: string }>() {}

/** Names that no other measurement uses. */
export const newNamespace = Effect.sync(() => `bench${randomBytes(4).toString("hex")}`)

/** The broker of a service that hears these, once its queues are there. */
export const brokerOf = Effect.fnUntraced(function*(namespace: string, subscription: Subscription) {
  const url = Redacted.make((yield* Wire).url)
  const layer = RabbitMq.layer({ url, subscriptions: [subscription], service: "bench", namespace })
  const broker = Context.get(yield* Layer.build(layer), Broker)
  yield* Effect.repeat(broker.ready, { schedule: Schedule.spaced("20 millis"), until: (ready) => ready })
  return broker
})

/** A confirm channel without anything of ours around it. */
export const rawChannel = Effect.gen(function*() {
  const { url } = yield* Wire
  const connection = yield* Effect.acquireRelease(
    Effect.promise(() => connect(url, { noDelay: true })),
    (connection) => Effect.promise(() => connection.close())
  )
  return yield* Effect.promise(() => connection.createConfirmChannel())
})

/** What is sent by hand, and where it goes. */
export interface Letters {
  readonly exchange: string
  readonly routingKey: string
  readonly bodies: ReadonlyArray<Buffer>
}

/** Publishes with so many messages unconfirmed at once, the way the library's own documentation does. */
export const publishRaw = (channel: ConfirmChannel, { bodies, exchange, routingKey }: Letters, inFlight = 500) =>
  Effect.async<void>((resume) => {
    let sent = 0
    let confirmed = 0
    const send = (): void => {
      while (sent < bodies.length && sent - confirmed < inFlight) {
        channel.publish(
          exchange,
          routingKey,
          bodies[sent++] ?? Buffer.alloc(0),
          { persistent: true, mandatory: true },
          done
        )
      }
    }
    const done = (error: unknown): void => {
      if (error !== null) return resume(Effect.die(error))
      confirmed += 1
      return confirmed === bodies.length ? resume(Effect.void) : send()
    }
    send()
  })
