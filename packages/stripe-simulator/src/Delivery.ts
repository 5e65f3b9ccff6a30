import { HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { Clock, Effect, Redacted } from "effect"
import { type EventRecord, toStripe } from "./Event.ts"
import { toJson } from "./Reply.ts"
import { sign } from "./Signature.ts"

/** Posts one event once, signed with the time of this attempt. True when the receiver answered 2xx within the time allowed. */
export type Delivery = (event: EventRecord) => Effect.Effect<boolean>

export const make = Effect.fn("Delivery.make")(function*(url: string, secret: Redacted.Redacted) {
  const client = HttpClient.withTracerPropagation(yield* HttpClient.HttpClient, false)
  const delivery: Delivery = (event) =>
    Effect.gen(function*() {
      const body = toJson(toStripe(event))
      const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      const response = yield* client.execute(HttpClientRequest.post(url, {
        headers: {
          "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
          "stripe-signature": sign(Redacted.value(secret), seconds, body)
        },
        body: HttpBody.text(body, "application/json; charset=utf-8")
      }))
      yield* response.text
      return response.status >= 200 && response.status < 300
    }).pipe(
      Effect.timeout("10 seconds"),
      Effect.catchAll((error) => Effect.as(Effect.logDebug("webhook not delivered", event.id, error._tag), false)),
      Effect.scoped,
      Effect.withTracerEnabled(false)
    )
  return delivery
})
