import { describe } from "@effect/vitest"
import type { ConfirmChannel, ConsumeMessage } from "amqplib"
import { Effect, Layer, Redacted } from "effect"
import { beforeAll } from "vitest"
import type { Subscription } from "../../src/Broker.ts"
import type { Broker } from "../../src/Broker.ts"
import * as RabbitMq from "../../src/RabbitMq.ts"
import * as RabbitMqTest from "../../src/testing/RabbitMqTest.ts"
import { eventually } from "./Eventually.ts"
import type { Proxy } from "./Proxy.ts"
import { makeProxy } from "./Proxy.ts"

/** Tests that are skipped where no RabbitMQ can be had. Its start is waited for before them. */
export const describeRabbit = (name: string, tests: () => void): void =>
  void describe.skipIf(!RabbitMqTest.isAvailable)(name, () => {
    beforeAll(() => Effect.runPromise(RabbitMqTest.url))
    tests()
  })

/** One broker with a namespace of its own, a wire to it that can be cut, and a look behind it. */
export interface World {
  readonly namespace: string
  /** Through the wire. */
  readonly url: Redacted.Redacted<string>
  readonly wire: Proxy
  /** Past the wire. */
  readonly behind: ConfirmChannel
  readonly layer: Layer.Layer<Broker>
}

export const makeWorld = Effect.fnUntraced(function*(subscriptions: ReadonlyArray<Subscription>) {
  const namespace = yield* RabbitMqTest.namespace(subscriptions)
  return yield* makeWorldAt(yield* RabbitMqTest.url, subscriptions, namespace)
})

/** The same at a broker of the test's own. */
export const makeWorldAt = Effect.fnUntraced(function*(
  direct: Redacted.Redacted<string>,
  subscriptions: ReadonlyArray<Subscription>,
  namespace: string
) {
  const parsed = new URL(Redacted.value(direct))
  const wire = yield* makeProxy({ host: parsed.hostname, port: Number(parsed.port) })
  parsed.port = String(wire.port)
  const url = Redacted.make(parsed.toString())
  const world: World = {
    namespace,
    url,
    wire,
    behind: yield* RabbitMqTest.channel(direct),
    layer: RabbitMq.layer({ url, subscriptions, service: "test", namespace })
  }
  return world
})

/** RabbitMQ as a broker of these consumers alone. */
export const broker = (subscriptions: ReadonlyArray<Subscription>): Layer.Layer<Broker> =>
  Layer.unwrapScoped(Effect.map(makeWorld(subscriptions), ({ layer }) => layer))

/** How many messages rest in a queue; it must exist. */
export const depth = ({ behind }: World, queue: string) =>
  Effect.map(Effect.promise(() => behind.checkQueue(queue)), ({ messageCount }) => messageCount)

/** How many consume a queue; it must exist. */
export const consumersOf = ({ behind }: World, queue: string) =>
  Effect.map(Effect.promise(() => behind.checkQueue(queue)), ({ consumerCount }) => consumerCount)

/** Takes one message past the broker's layer. */
export const takeBehind = ({ behind }: World, queue: string) =>
  eventually(Effect.promise(() => behind.get(queue)), (message) => message !== false)

/** Puts a message into the exchange past the broker's layer, whatever its shape. */
export const putBehind = (
  { behind, namespace }: World,
  type: string,
  content: Buffer,
  headers: ConsumeMessage["properties"]["headers"] = {}
) =>
  Effect.promise(async () => {
    behind.publish(namespace, type, content, { persistent: true, headers })
    await behind.waitForConfirms()
  })
