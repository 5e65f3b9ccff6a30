import { Broker } from "@quartet/messaging/Broker"
import * as Relay from "@quartet/messaging/Relay"
import { Effect } from "effect"
import { median, perSecond, rate } from "./Measured.ts"
import { body, fill, Outboxes, untilSent } from "./relay.ts"
import { brokerOf, newNamespace, publishRaw, rawChannel } from "./Wire.ts"

const type = "order.placed.v1"
const rows = 50_000

/** How many rows a second reach a quorum queue, against the client library alone with the same bodies. */
export const wiredRelay = Effect.scoped(Effect.gen(function*() {
  const namespace = yield* newNamespace
  const subscription = { consumer: "bench", types: [type] }
  const broker = yield* brokerOf(namespace, subscription)
  const channel = yield* rawChannel
  const letters = {
    exchange: namespace,
    routingKey: type,
    bodies: Array.from({ length: rows }, () => Buffer.from(body))
  }
  const empty = Effect.promise(() => channel.purgeQueue(`${namespace}.bench`))
  const ours: Array<number> = []
  const raw: Array<number> = []
  for (let round = 0; round < 4; round++) {
    yield* fill(rows)
    const relayed = yield* perSecond(
      rows,
      Effect.scoped(Effect.zipRight(Effect.provideService(Relay.make(), Broker, broker), untilSent))
    )
    yield* empty
    const published = yield* perSecond(rows, publishRaw(channel, letters))
    yield* empty
    // The first round makes everybody warm.
    if (round > 0) ours.push(relayed)
    if (round > 0) raw.push(published)
  }
  return [rate("outbox to a quorum queue, against the library alone", "rows/s", median(ours), median(raw), 0.5)]
})).pipe(Effect.provide(Outboxes))
