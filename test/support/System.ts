import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { HttpClient } from "@effect/platform/HttpClient"
import { Database } from "@quartet/hosting/Database"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { ConfigProvider, Effect, Layer, Logger, LogLevel, Option, Redacted } from "effect"
import * as Quartet from "quartet/System"
import { inject } from "vitest"
import { freePorts, settingsOf, System, temporaryHome } from "./Addresses.ts"
import * as SharedGround from "./SharedGround.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** How many processes of each service the run's systems have; absent is all of them in one, the test's own. */
    readonly replicas: number | undefined
  }
}

/**
 * The whole system on a database of its own; `settings` as they would stand in the environment. It runs in this process,
 * or as processes of its own over RabbitMQ where the run says so: what a test finds in it is the same.
 */
export const layer = (settings: Readonly<Record<string, string>> = {}): Running => {
  const replicas = inject("replicas")
  return replicas === undefined
    ? layerOn(PostgresTest.database, settings)
    : Layer.orDie(SharedGround.layer({ replicas, settings }))
}

type Running = Layer.Layer<System | DevelopmentIssuer.DevelopmentIssuer | HttpClient>

/** The whole system in this process, on this database. */
export const layerOn = <E>(
  database: Layer.Layer<Database, E>,
  settings: Readonly<Record<string, string>> = {}
): Running =>
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
        prices: at(ports.prices),
        simulator: at(ports.simulator),
        admin: Option.getOrElse(admin, () => Redacted.make(""))
      }))
    )
    return Layer.mergeAll(provided, Layer.discard(Quartet.layer), DevelopmentIssuer.layer, NodeHttpClient.layer).pipe(
      Layer.provide(database),
      Layer.provide(Layer.setConfigProvider(
        ConfigProvider.fromMap(settingsOf(ports, yield* temporaryHome, settings))
      )),
      Layer.provide(Logger.minimumLogLevel(LogLevel.Warning))
    )
  })).pipe(Layer.orDie)
