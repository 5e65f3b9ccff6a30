import { Database } from "@quartet/hosting/Database"
import { Effect, Layer, Redacted } from "effect"
import type * as Customer from "quartet/demo/Customer"
import * as Services from "../support/Services.ts"
import type { Post } from "./load.ts"
import { newNamespace, Wire } from "./Wire.ts"

export interface Options {
  /** What their names at the broker begin with; absent is one that nobody else uses. */
  readonly namespace?: string
  readonly replicas?: number
  /** They are there to be started, and none is. */
  readonly nothingYet?: boolean
}

/** Each service as a process of its own, straight on the PostgreSQL and the RabbitMQ of the run. */
export const processes = ({ namespace, ...options }: Options = {}) =>
  Layer.unwrapEffect(Effect.gen(function*() {
    const broker = Redacted.make((yield* Wire).url)
    const settings = { AMQP_NAMESPACE: namespace ?? (yield* newNamespace) }
    return Services.layerOn(Layer.succeed(Database, yield* Database), { ...options, broker, settings, straight: true })
  }))

/** The request that orders one piece. */
export const placing = ({ token, url }: Customer.Customer, sku: string, headers: Post["headers"] = {}): Post => ({
  url: `${url}/orders`,
  headers: { authorization: `Bearer ${Redacted.value(token)}`, ...headers },
  body: `{"lines":[{"sku":"${sku}","quantity":1}]}`
})
