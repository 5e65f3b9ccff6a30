import type { HttpServerRequest } from "@effect/platform"
import { HttpApiBuilder } from "@effect/platform"
import { Correlation } from "@quartet/hosting/Correlation"
import * as JsonText from "@quartet/hosting/JsonText"
import * as Problem from "@quartet/hosting/Problem"
import type { Answer } from "@quartet/messaging/KeyClaim"
import { replyOf } from "@quartet/messaging/Request"
import type { Origin } from "@quartet/messaging/Submission"
import { Effect, Layer, Option, Schema } from "effect"
import { PaymentActor } from "./Actor.ts"
import { eventRefused, PaymentApi, Received } from "./Api.ts"
import type { HearEvent } from "./domain/ProviderEvent.ts"
import * as Signature from "./Signature.ts"
import { toCommand } from "./StripeEvent.ts"
import { PaymentViews } from "./Views.ts"

const received: typeof Received.Type = { received: true }

const answer = (): Answer => ({
  status: 200,
  headers: {},
  body: Schema.encodeSync(Schema.parseJson(Received))(received)
})

/** The provider's own id of the event is its key: a repetition, even with another body, is the same event. */
const originOf = ({ event }: HearEvent): Origin<unknown> => ({
  _tag: "KeyedRequest",
  claim: { owner: "stripe", key: event.eventId, fingerprint: "event", open: Option.none() },
  answer
})

/** Which command is this event? It is on record before the provider is told so, and only if it is signed. */
const stripe = Effect.fn("PaymentHttp.stripe")(function*(request: HttpServerRequest.HttpServerRequest) {
  const signature = yield* Signature.Signature
  const views = yield* PaymentViews
  const actor = yield* PaymentActor
  const body = new Uint8Array(yield* Effect.orDie(request.arrayBuffer))
  yield* Effect.catchTag(
    signature.verify(body, request.headers["stripe-signature"]),
    "SignatureRefused",
    ({ message }) => Problem.fail(eventRefused, message)
  )
  // Not as a request's own JSON: an event is the provider's, whose references may look like a card number.
  const command = yield* Effect.flatMap(request.text, JsonText.parse).pipe(
    Effect.orDie,
    Effect.flatMap((event) => toCommand(event, views.orderOfIntent)),
    Effect.catchTags({
      ParseError: () => Problem.fail(eventRefused, "The body is not an event."),
      SqlError: Effect.die // an outage; the edge answers 503 and the provider comes again
    })
  )
  const outcome = yield* actor.ask({
    command,
    by: "stripe",
    origin: originOf(command),
    lineage: { causationId: command.event.eventId, correlationId: yield* Correlation }
  })
  if (outcome._tag !== "Replayed") yield* Effect.orDie(replyOf(outcome))
  return received
})

const webhooks = HttpApiBuilder.group(
  PaymentApi,
  "webhooks",
  (handlers) => handlers.handle("stripe", ({ request }) => stripe(request))
)

/** What the provider may tell, and how it proves who it is. */
export const api = HttpApiBuilder.api(PaymentApi).pipe(
  Layer.provide(webhooks),
  Layer.provide(Signature.layer)
)
