import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { asServed } from "@quartet/contracts/ApiDescription"
import * as Problem from "@quartet/contracts/Problem"
import { Schema } from "effect"

export const eventRefused = Problem.define({
  name: "event-refused",
  status: 400,
  title: "The event is not one that the provider signed just now",
  means: "The signature of an event is missing, wrong or too old.",
  advice: "Compare the webhook's secret and the clocks of both sides. The provider sends the event again by itself."
})

/** What a reader is told of each problem. */
export const problems = [eventRefused].map(({ page }) => page)

/** The event is on record, now or since before. */
export const Received = Schema.Struct({ received: Schema.Literal(true) })

const webhooks = HttpApiGroup.make("webhooks").annotate(OpenApi.Description, "What the payment provider sends.").add(
  HttpApiEndpoint.post("stripe", "/webhooks/stripe").addSuccess(Received).addError(eventRefused.schema)
    .annotate(OpenApi.Summary, "Take an event of the provider")
    .annotate(
      OpenApi.Description,
      "The provider's events, signed in `Stripe-Signature`. 200 means that the event is on record; the same event again changes nothing."
    )
)

/** What the payment provider may tell. */
export const PaymentApi = HttpApi.make("payment").add(webhooks)
  .annotate(OpenApi.Title, "Quartet: payment")
  .annotate(OpenApi.Description, "The payment provider's events.")
  .annotate(OpenApi.Transform, asServed)
