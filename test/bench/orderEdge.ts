import * as Auth from "@quartet/hosting/Auth"
import * as Database from "@quartet/hosting/Database"
import * as HttpServer from "@quartet/hosting/HttpServer"
import * as Launch from "@quartet/hosting/Launch"
import * as Postgres from "@quartet/hosting/Postgres"
import * as PublicEdge from "@quartet/hosting/PublicEdge"
import * as Settings from "@quartet/hosting/Settings"
import * as Messaging from "@quartet/messaging/Messaging"
import * as Actor from "@quartet/order/Actor"
import * as EventStreams from "@quartet/order/EventStreams"
import * as Http from "@quartet/order/Http"
import { migrations } from "@quartet/order/Migrations"
import * as OpenAnswers from "@quartet/order/OpenAnswers"
import * as OperatorHttp from "@quartet/order/OperatorHttp"
import * as PriceList from "@quartet/order/PriceList"
import * as Repository from "@quartet/order/Repository"
import * as Views from "@quartet/order/Views"
import * as Watching from "@quartet/order/Watching"
import { Layer } from "effect"

/** The order service as it is, without what says and hears messages: its edge and its actor. What is said waits. */
const Requests = HttpServer.layer({
  name: "order",
  port: Settings.port("ORDER_PORT", 3000),
  api: Http.api,
  held: OpenAnswers.connections,
  facing: PublicEdge.make
})

/** Where the goods that are ordered get their price. */
const Prices = HttpServer.layer({
  name: "prices",
  port: Settings.port("PRICES_PORT", 3004),
  api: OperatorHttp.api
})

Launch.run(
  Layer.merge(Requests, Layer.discard(Prices)).pipe(
    Layer.provide([Actor.layer, EventStreams.layer]),
    Layer.provide(Watching.layer),
    Layer.provide([Repository.layer, Views.layer, PriceList.layer, Messaging.layer]),
    Layer.provide([Postgres.layer({ service: "order", migrations }), Auth.layer]),
    Layer.provide(Database.layerUrl)
  )
)
