import { DevelopmentIssuer } from "@quartet/hosting/DevelopmentIssuer"
import { Effect, Option, Schema } from "effect"
import { ask, demand } from "quartet/Shop"
import * as Token from "quartet/Token"
import { v7 } from "uuid"
import { System } from "./Addresses.ts"
import { post } from "./Edge.ts"
import { until } from "./Shop.ts"

interface Order {
  readonly id: string
}

/** An operator sends the parcel, if it is there to be sent. */
export const dispatch = Effect.fn("Desk.dispatch")(function*({ id }: Order) {
  const { warehouse } = yield* System
  const url = `${warehouse}/shipments/${id}/dispatch`
  return yield* ask({ method: "POST", url, token: yield* Token.forOperator })
})

const Shipment = Schema.Struct({ status: Schema.String })

/** Waits until the parcel can be sent. */
export const isReady = Effect.fn("Desk.isReady")(function*({ id }: Order) {
  const { warehouse } = yield* System
  const url = `${warehouse}/shipments/${id}`
  const token = yield* Token.forOperator
  return yield* until(
    Effect.option(demand({ method: "GET", url, token }, Shipment)),
    Option.exists(({ status }) => status === "Ready")
  )
})

interface Gift {
  readonly amount: number
  readonly currency?: string
  readonly key?: string
  readonly prefer?: string
  readonly as?: string
  readonly reason?: string
}

/** An operator gives money of an order back. */
export const giveBack = Effect.fn("Desk.giveBack")(function*({ id }: Order, gift: Gift) {
  const { amount, as = "olga", currency = "EUR", key = v7(), prefer = "wait=10", reason = "a cup broke" } = gift
  const { prices } = yield* System
  const { sign } = yield* DevelopmentIssuer
  const operator = { url: prices, token: yield* sign({ subject: as, scopes: ["operator"] }) }
  const body = { amount: { amount, currency }, reason }
  return yield* post(operator, `/orders/${id}/refunds`, { key, prefer, body })
})
