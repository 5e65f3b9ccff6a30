import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as AuthSettings from "@quartet/hosting/AuthSettings"
import * as Database from "@quartet/hosting/Database"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as EmbeddedPostgres from "@quartet/hosting/EmbeddedPostgres"
import * as Settings from "@quartet/hosting/Settings"
import type { Quiet } from "@quartet/hosting/Telemetry"
import { Console, Effect, Layer, MutableRef, Option, Redacted } from "effect"
import { addressOf, Ports } from "./Ports.ts"
import * as Provider from "./Provider.ts"
import * as Reconciling from "./Reconciling.ts"
import { seed } from "./Seed.ts"
import * as System from "./System.ts"
import * as Token from "./Token.ts"
import { welcome } from "./Welcome.ts"

const given = Database.adminUrl

/** `DATABASE_URL`, or a PostgreSQL of our own. */
const database = Layer.unwrapEffect(
  Effect.map(given, (url) => Option.isSome(url) ? Database.layerUrl : EmbeddedPostgres.layer)
)

/** In production nobody is given a token, and no goods appear out of nowhere. */
const introduce = Effect.gen(function*() {
  const ports = yield* Ports
  const operator = yield* Token.forOperator
  const at = yield* addressOf
  yield* seed({ order: at(ports.order), prices: at(ports.prices), inventory: at(ports.inventory) }, operator)
  return Redacted.value(yield* Token.forCustomer("alice"))
}).pipe(Effect.provide(Layer.merge(DevelopmentIssuer.layer, NodeHttpClient.layer)))

const greet = (quiet: Quiet) =>
  Effect.gen(function*() {
    const isProduction = yield* Settings.isProduction
    const hasKeys = (yield* AuthSettings.settings).keys._tag === "Jwks"
    const token = isProduction || hasKeys ? undefined : yield* introduce
    yield* Console.log(welcome({
      ports: yield* Ports,
      home: yield* Settings.home,
      database: Option.isSome(yield* given) ? "at DATABASE_URL" : "embedded PostgreSQL",
      simulator: !(yield* Provider.isReal),
      token,
      seconds: process.uptime()
    }))
    yield* Effect.sync(() => MutableRef.set(quiet, false))
  })

/** Everything in one process, greeted once it all runs, which ends `quiet`, and reconciled now and then. */
export const layer = (quiet: Quiet) =>
  Layer.merge(Layer.effectDiscard(greet(quiet)), Reconciling.layer).pipe(
    Layer.provideMerge(System.layer),
    Layer.provide(database)
  )
