import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as EmbeddedPostgres from "@quartet/hosting/EmbeddedPostgres"
import { startPrivate } from "@quartet/messaging/testing/RabbitMqServer"
import { Console, Effect, Layer, Logger, LogLevel } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { consumerStep } from "./consumerStep.ts"
import { hotSku } from "./hotSku.ts"
import { print } from "./Measured.ts"
import { receipt } from "./receipt.ts"
import { relay } from "./relay.ts"
import { replicas } from "./replicas.ts"
import { waitingMessages } from "./waitingMessages.ts"
import { startUp, underLoad } from "./wholeSystem.ts"
import { Wire } from "./Wire.ts"
import { wiredConsumer } from "./wiredConsumer.ts"
import { wiredRelay } from "./wiredRelay.ts"

const home = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "quartet-bench-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** A PostgreSQL that waits for the disk, as the real one does. */
const database = Layer.unwrapScoped(
  Effect.map(home, (folder) => EmbeddedPostgres.layerWith({ home: join(folder, "home") }))
)

const steps = Effect.gen(function*() {
  yield* print("An actor's step", yield* consumerStep)
  yield* print("A SKU that everybody wants", yield* hotSku)
  yield* print("The relay", yield* relay)
}).pipe(Effect.provide(database))

/** A RabbitMQ of the run's own, where one is installed. */
const wire = Layer.scoped(Wire, startPrivate())

const overTheWire = Effect.gen(function*() {
  // A database each: none finds what another left.
  yield* print("Over RabbitMQ", yield* Effect.provide(wiredRelay, database))
  yield* print("Over RabbitMQ, the other way", yield* Effect.provide(wiredConsumer, database))
  yield* print("A day's messages that wait", yield* Effect.provide(waitingMessages, database))
  yield* print("Four processes", yield* Effect.provide(receipt, database))
  yield* print("Eight processes", yield* Effect.provide(replicas, database))
}).pipe(
  Effect.provide(wire),
  Effect.catchTag("RabbitMqFailed", ({ message }) => Console.log(`\nOver RabbitMQ\n  -- not measured: ${message}`))
)

const all = Effect.gen(function*() {
  yield* Console.log(
    `Node ${process.version}, ${availableParallelism()} processors. Ratios within one run are what counts; bounds depend on the machine.`
  )
  yield* steps
  yield* overTheWire
  yield* print("Start", yield* startUp)
  yield* print("The whole quartet in one process", yield* underLoad)
})

all.pipe(Logger.withMinimumLogLevel(LogLevel.Warning), NodeRuntime.runMain)
