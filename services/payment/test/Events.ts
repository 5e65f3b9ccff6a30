import { HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import * as HttpServer from "@quartet/hosting/HttpServer"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { Clock, Effect } from "effect"
import { createHmac } from "node:crypto"
import { v7 } from "uuid"
import { PaymentActor } from "../src/Actor.ts"
import * as Command from "../src/domain/Command.ts"
import { freshOrder, secret, toJson } from "./support.ts"

/** The provider's signature of these bytes at this second. */
export const sign = (body: string, seconds: number, key = secret, scheme = "v1") =>
  `t=${seconds},${scheme}=${createHmac("sha256", key).update(`${seconds}.${body}`).digest("hex")}`

/** The present moment, as signatures write it. */
export const seconds = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1000))

/** Brings a body to the provider's door. */
export const post = Effect.fnUntraced(function*(body: string, headers: Readonly<Record<string, string>>) {
  const url = yield* HttpServer.ServerUrl
  const client = yield* HttpClient.HttpClient
  const response = yield* client.execute(
    HttpClientRequest.post(`${url}/webhooks/stripe`, { headers, body: HttpBody.text(body, "application/json") })
  )
  return { status: response.status, body: yield* response.json }
})

/** Brings a signed event. */
export const deliver = (body: string) =>
  Effect.flatMap(seconds, (now) => post(body, { "stripe-signature": sign(body, now) }))

export interface Details {
  readonly id?: string
  readonly status?: string
  readonly orderId?: string
  readonly intentId?: string
  readonly failed?: boolean
  readonly amount?: number
}

/** An event about an intent, as the provider words it. */
export const intentEvent = (type: string, details: Details) =>
  toJson({
    id: details.id ?? `evt_${v7()}`,
    object: "event",
    type,
    created: 1_772_442_900,
    data: {
      object: {
        id: details.intentId ?? `pi_${details.orderId}`,
        object: "payment_intent",
        status: details.status ?? "succeeded",
        amount: 7680,
        amount_received: details.status === undefined || details.status === "succeeded" ? details.amount ?? 7680 : 0,
        currency: "eur",
        client_secret: "pi_secret_never_kept",
        metadata: details.orderId === undefined ? {} : { orderId: details.orderId },
        last_payment_error: details.failed === true ? { code: "card_declined" } : null,
        next_action: null
      }
    }
  })

/** An event of any type about any object. */
export const objectEvent = (type: string, object: object, id = `evt_${v7()}`) =>
  toJson({ id, object: "event", type, created: 1_772_442_900, data: { object } })

/** An event about one of our refunds, as the provider words it. */
export const refundEvent = ({ orderId, refundId, status }: Record<"orderId" | "refundId" | "status", string>) =>
  objectEvent("refund.updated", {
    id: `re_${refundId}`,
    object: "refund",
    status,
    amount: 7680,
    currency: "eur",
    payment_intent: `pi_${orderId}`,
    metadata: { orderId, refundId },
    failure_reason: status === "failed" ? "expired_or_canceled_card" : null
  })

/** What came of an event. */
export const eventsNamed = (id: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql<{ outcome: string; reason: string | null }>`
      SELECT outcome, reason FROM provider_events WHERE event_id = ${id}`)

/** A payment whose call was begun, and whose answer is still to come. */
export const charging = Effect.gen(function*() {
  const { submit } = yield* PaymentActor
  const { orderId, request } = freshOrder()
  yield* submit([fromMessage(request), fromMessage(Command.BeginCharge.make({ orderId, attempt: 1, try: 1 }))])
  return orderId
})
