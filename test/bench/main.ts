import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { RabbitMqFailed } from "@quartet/messaging/testing/RabbitMqFailed"
import { startPrivate } from "@quartet/messaging/testing/RabbitMqServer"
import { ConfigProvider, Console, Effect, Layer, Logger, LogLevel } from "effect"
import { availableParallelism } from "node:os"
import { consumerStep } from "./consumerStep.ts"
import { database } from "./Database.ts"
import { edge } from "./edge.ts"
import { history } from "./history.ts"
import { hotSku } from "./hotSku.ts"
import type { Measured } from "./Measured.ts"
import { print } from "./Measured.ts"
import { provider } from "./provider.ts"
import { receipt } from "./receipt.ts"
import { relay } from "./relay.ts"
import { replicas } from "./replicas.ts"
import { streams } from "./streams.ts"
import { waitingMessages } from "./waitingMessages.ts"
import { webhooks } from "./webhooks.ts"
import { startUp, underLoad } from "./wholeSystem.ts"
import { Wire } from "./Wire.ts"
import { wiredConsumer } from "./wiredConsumer.ts"
import { wiredRelay } from "./wiredRelay.ts"

const part = <E, R>(title: string, measure: Effect.Effect<ReadonlyArray<Measured>, E, R>) =>
  measure.pipe(
    Effect.flatMap((results) => print(title, results)),
    Effect.catchIf(
      (error) => error instanceof RabbitMqFailed,
      ({ message }) => Console.log(`\n${title}\n  -- not measured: ${message}`)
    )
  )

/** A RabbitMQ of each part's own, where one is installed; what the part before it had set is not looked at. */
const wire = Layer.scoped(Wire, startPrivate().pipe(Effect.withConfigProvider(ConfigProvider.fromEnv())))

const withBroker = Effect.provide(wire)

/** The parts of a run in their order; those named on the command line, or all. Each has a database of its own. */
const parts = {
  step: part("An actor's step", consumerStep.pipe(Effect.provide(database))),
  hot: part("A SKU that everybody wants", hotSku.pipe(Effect.provide(database))),
  relay: part("The relay", relay.pipe(Effect.provide(database))),
  wiredRelay: part("Over RabbitMQ", wiredRelay.pipe(Effect.provide(database), withBroker)),
  wiredConsumer: part("Over RabbitMQ, the other way", wiredConsumer.pipe(Effect.provide(database), withBroker)),
  waiting: part("A day's messages that wait", waitingMessages.pipe(Effect.provide(database), withBroker)),
  receipt: part("Four processes", receipt.pipe(Effect.provide(database), withBroker)),
  replicas: part("Eight processes", replicas.pipe(withBroker)),
  edge: part("The edge alone", edge.pipe(Effect.provide(database))),
  streams: part("Screens that watch", streams),
  history: part("A long history", history),
  provider: part("A provider that is slow for some", provider),
  webhooks: part("The provider's events", webhooks),
  start: part("Start", startUp),
  whole: part("The whole quartet in one process", underLoad)
}

const all = Effect.gen(function*() {
  yield* Console.log(
    `Node ${process.version}, ${availableParallelism()} processors. Ratios within one run are what counts; bounds depend on the machine.`
  )
  const wanted = process.argv.slice(2)
  const unknown = wanted.find((name) => !(name in parts))
  if (unknown !== undefined) {
    yield* Console.error(`There is no part named ${unknown}. The parts: ${Object.keys(parts).join(", ")}.`)
    return yield* Effect.sync(() => void (process.exitCode = 1))
  }
  for (const [name, run] of Object.entries(parts)) {
    if (wanted.length === 0 || wanted.includes(name)) yield* run
  }
})

all.pipe(Logger.withMinimumLogLevel(LogLevel.Warning), NodeRuntime.runMain)
