import { HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import { RefundId } from "@quartet/contracts/Ids"
import * as HttpServer from "@quartet/hosting/HttpServer"
import { fromMessage } from "@quartet/messaging/testing/Submissions"
import { Clock, Effect, Option } from "effect"
import { createHmac } from "node:crypto"
import { v7 } from "uuid"
import { PaymentActor } from "../src/Actor.ts"
import * as Command from "../src/domain/Command.ts"
import { Intent, IntentId } from "../src/domain/Intent.ts"
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
  readonly currency?: string
  readonly livemode?: boolean
  /** What else stands on the outside of the event. */
  readonly envelope?: object
}

/** An event about an intent, as the provider words it. */
export const intentEvent = (type: string, details: Details) =>
  toJson({
    id: details.id ?? `evt_${v7()}`,
    object: "event",
    type,
    created: 1_772_442_900,
    livemode: details.livemode ?? false,
    ...details.envelope,
    data: {
      object: {
        id: details.intentId ?? `pi_${details.orderId}`,
        object: "payment_intent",
        status: details.status ?? "succeeded",
        amount: details.amount ?? 7680,
        amount_received: details.status === undefined || details.status === "succeeded" ? details.amount ?? 7680 : 0,
        currency: details.currency ?? "eur",
        client_secret: "pi_secret_never_kept",
        metadata: details.orderId === undefined ? {} : { orderId: details.orderId },
        last_payment_error: details.failed === true ? { code: "card_declined" } : null,
        next_action: null
      }
    }
  })

/** An event of any type about any object. */
export const objectEvent = (type: string, object: object, id = `evt_${v7()}`) =>
  toJson({ id, object: "event", type, created: 1_772_442_900, livemode: false, data: { object } })

/** An event about one of our refunds, as the provider words it. */
export const refundEvent = (
  { intentId, orderId, refundId, status }: Record<"orderId" | "refundId" | "status", string> & { intentId?: string }
) =>
  objectEvent("refund.updated", {
    id: `re_${refundId}`,
    object: "refund",
    status,
    amount: 7680,
    currency: "eur",
    payment_intent: intentId ?? `pi_${orderId}`,
    metadata: { orderId, refundId },
    failure_reason: status === "failed" ? "expired_or_canceled_card" : null
  })

/** What came of an event. */
export const eventsNamed = (id: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql<{ outcome: string; reason: string | null }>`
      SELECT outcome, reason FROM provider_events WHERE event_id = ${id}`)

/** A payment whose call was begun, and whose answer is still to come. */
export const asked = Effect.gen(function*() {
  const { submit } = yield* PaymentActor
  const { orderId, request } = freshOrder()
  yield* submit([fromMessage(request), fromMessage(Command.BeginCharge.make({ orderId, attempt: 1, try: 1 }))])
  return orderId
})

/** A payment whose intent is on record, and which the provider still works on. */
export const charging = Effect.gen(function*() {
  const { submit } = yield* PaymentActor
  const orderId = yield* asked
  const { amount } = freshOrder()
  const intent = Intent.make({
    id: IntentId.make(`pi_${orderId}`),
    status: "processing",
    amount,
    received: { ...amount, amount: 0 },
    failure: Option.none(),
    nextAction: Option.none()
  })
  const refundId = RefundId.make(v7())
  yield* submit([fromMessage(Command.RecordIntent.make({ orderId, intent, asked: Option.none(), refundId }))])
  return orderId
})
