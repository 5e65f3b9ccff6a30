import * as Catalog from "@quartet/contracts/Catalog"
import { Broker } from "@quartet/messaging/Broker"
import * as RabbitMq from "@quartet/messaging/RabbitMq"
import type { Duration } from "effect"
import { Console, Effect, Schedule, Schema } from "effect"

/** The exchanges and queues could not be made in time; the log tells why. */
export class NoTopology extends Schema.TaggedError<NoTopology>()("NoTopology", {}) {
  override get message() {
    return "The broker at AMQP_URL could not be given its exchanges and queues in time."
  }
}

const look = Schedule.spaced("100 millis")

/**
 * Makes the exchanges and queues of all services, as the user that `AMQP_URL` names, for services that may not do so
 * themselves. Changes nothing where they exist.
 */
export const make = (wait: Duration.Duration) =>
  Effect.flatMap(Broker, ({ ready }) => Effect.repeat(ready, { schedule: look, until: (isReady) => isReady })).pipe(
    Effect.timeoutFail({ duration: wait, onTimeout: () => new NoTopology() }),
    Effect.zipRight(Console.log("The broker at AMQP_URL has its exchanges and queues.")),
    Effect.provide(RabbitMq.layerConfig({ subscriptions: Catalog.subscriptions, service: "topology" }))
  )
