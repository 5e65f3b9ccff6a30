import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Database } from "@quartet/hosting/Database"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { ConfigProvider, Effect, Layer, Logger, LogLevel, Option, Redacted } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Quartet from "quartet/System"
import { freePorts, settingsOf, System } from "./Addresses.ts"

const temporaryHome = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "quartet-test-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

/** The whole system in this process on a database of its own; `settings` as they would stand in the environment. */
export const layer = (settings: Readonly<Record<string, string>> = {}) =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const ports = yield* freePorts
    const at = (port: number) => `http://127.0.0.1:${port}`
    const provided = Layer.effect(
      System,
      Effect.map(Database, ({ admin }) => ({
        order: at(ports.order),
        payment: at(ports.payment),
        inventory: at(ports.inventory),
        warehouse: at(ports.warehouse),
        simulator: at(ports.simulator),
        admin: Option.getOrElse(admin, () => Redacted.make(""))
      }))
    )
    return Layer.mergeAll(provided, Quartet.layer, DevelopmentIssuer.layer, NodeHttpClient.layer).pipe(
      Layer.provide(PostgresTest.database),
      Layer.provide(Layer.setConfigProvider(
        ConfigProvider.fromMap(settingsOf(ports, yield* temporaryHome, settings))
      )),
      Layer.provide(Logger.minimumLogLevel(LogLevel.Warning))
    )
  }))
