import { subscriptions } from "@quartet/contracts/Catalog"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { Effect, Layer } from "effect"
import * as Services from "./Services.ts"

/** Processes on the PostgreSQL and RabbitMQ that the run shares, with a database and a namespace of their own. */
export const layer = (options: Omit<Services.Options, "broker"> = {}) =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const settings = { AMQP_NAMESPACE: yield* RabbitMqTest.namespace(subscriptions), ...options.settings }
    const broker = yield* RabbitMqTest.url
    return Services.layerOn(Layer.fresh(PostgresTest.database), { ...options, broker, settings })
  }))
