import type { HttpServerRequest } from "@effect/platform"
import { HttpApiBuilder } from "@effect/platform"
import { Correlation } from "@quartet/hosting/Correlation"
import * as Problem from "@quartet/hosting/Problem"
import type { Answer } from "@quartet/messaging/KeyClaim"
import { replyOf } from "@quartet/messaging/Request"
import type { Origin, Outcome } from "@quartet/messaging/Submission"
import { Effect, Layer, Option, Schema } from "effect"
import { PaymentActor } from "./Actor.ts"
import { eventRefused, PaymentApi, Received } from "./Api.ts"
import { Confirmation } from "./Confirmation.ts"
import type { HearEvent } from "./domain/ProviderEvent.ts"
import type { EventUnproven, PaymentRejection } from "./domain/Rejection.ts"
import type { State } from "./domain/State.ts"
import { ProviderAccount } from "./ProviderAccount.ts"
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

/** The answer to our own call brings the intent's id in about this time, and spares the provider a question. */
const answerPause = "300 millis"

/** The event as our own record proves it, or else as the provider confirms it; whoever comes in between is waited for once. */
const settle = Effect.fnUntraced(function*(heard: HearEvent) {
  const actor = yield* PaymentActor
  const { confirm } = yield* Confirmation
  const correlationId = yield* Correlation
  const lineage = { causationId: heard.event.eventId, correlationId }
  const tell = (command: HearEvent) => actor.ask({ command, by: "stripe", origin: originOf(command), lineage })
  const first = yield* tell(heard)
  if (!isUnproven(first)) return first
  const second = first.rejection.answerDue ? yield* Effect.zipRight(Effect.sleep(answerPause), tell(heard)) : first
  return isUnproven(second)
    ? yield* Effect.flatMap(Effect.orDie(confirm(heard, second.rejection)), tell)
    : second
})

type Told = Outcome<State, PaymentRejection>

const isUnproven = (told: Told): told is Extract<Told, { readonly _tag: "Refused" }> & { rejection: EventUnproven } =>
  told._tag === "Refused" && told.rejection._tag === "EventUnproven"

/** Which command is this event? It is on record before the provider is told so, and only if it is signed. */
const stripe = Effect.fn("PaymentHttp.stripe")(function*(request: HttpServerRequest.HttpServerRequest) {
  const signature = yield* Signature.Signature
  const views = yield* PaymentViews
  const account = yield* ProviderAccount
  const body = new Uint8Array(yield* Effect.orDie(request.arrayBuffer))
  yield* Effect.catchTag(
    signature.verify(body, request.headers["stripe-signature"]),
    "SignatureRefused",
    ({ message }) => Problem.fail(eventRefused, message)
  )
  // An outage is a defect here: the edge answers 503 and the provider comes again.
  const command = yield* Effect.orDie(toCommand(body, account, views.orderOfIntent))
  const outcome = yield* settle(command)
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
