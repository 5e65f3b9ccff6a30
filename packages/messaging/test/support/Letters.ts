import { DateTime, Effect, Layer } from "effect"
import type { Publication, Subscription } from "../../src/Broker.ts"
import * as Consumer from "../../src/Consumer.ts"
import type { Handler } from "../../src/Handler.ts"
import { on } from "../../src/Handler.ts"
import * as InProcessBroker from "../../src/InProcessBroker.ts"
import type { MessageId, Outgoing } from "../../src/Message.ts"
import { written } from "../../src/Outbox.ts"
import type { Command } from "./Counter.ts"
import { command, Count, CountDue, CountMore, Explode, Forbid, messageId, WasCounted } from "./Counter.ts"

const now = DateTime.unsafeMake("2026-01-02T03:04:05.678Z")

/** A message as a broker carries it. */
export const letter = (message: Outgoing, id: MessageId = messageId()): Publication => ({
  id,
  type: message.type,
  subject: message.subject,
  body: written({ message, lineage: { causationId: id, correlationId: id } }, id, now)
})

/** The counter hears clickers; a listener hears the counter. `Note` stands for what somebody else's message would be. */
export const subscriptions: ReadonlyArray<Subscription> = [
  {
    consumer: "counter",
    types: [
      ...[Count, CountMore, Explode, Forbid, CountDue].map(({ type }): string => type),
      "clicker.count.v2",
      "clicker.other.v1",
      "clicker.outside.v1"
    ]
  },
  { consumer: "listener", types: [WasCounted.type] }
]

export const broker = InProcessBroker.layer(subscriptions)

const heard: Handler<Command> = on(WasCounted, ({ key }) => command("Note", key))

/** Hears all that the counter says and has nothing to do. */
export const listener = Layer.scopedDiscard(Consumer.make({
  name: "listener",
  handlers: [heard],
  actor: { submit: (submissions) => Effect.succeed(submissions.map(() => ({ _tag: "Duplicate" }))) }
}))
