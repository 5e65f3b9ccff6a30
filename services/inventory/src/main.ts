import * as Auth from "@quartet/hosting/Auth"
import * as HttpServer from "@quartet/hosting/HttpServer"
import * as Postgres from "@quartet/hosting/Postgres"
import * as Messaging from "@quartet/messaging/Messaging"
import * as Relay from "@quartet/messaging/Relay"
import { Config, Layer } from "effect"
import * as Actor from "./Actor.ts"
import * as Http from "./Http.ts"
import * as Inbound from "./Inbound.ts"
import { migrations } from "./Migrations.ts"
import * as Repository from "./Repository.ts"
import * as Views from "./Views.ts"

const Requests = HttpServer.layer({
  name: "inventory",
  port: Config.integer("INVENTORY_PORT").pipe(Config.withDefault(3002)),
  api: Http.api
})

/** The inventory, but for what a process gives: `Database` and `Broker`, its settings and its logs. */
export const layer = Layer.mergeAll(Requests, Inbound.layer, Relay.layer()).pipe(
  Layer.provide(Actor.layer),
  Layer.provide([Repository.layer, Views.layer, Messaging.layer]),
  Layer.provide([Postgres.layer({ service: "inventory", migrations }), Auth.layer]),
  Layer.fresh
)
