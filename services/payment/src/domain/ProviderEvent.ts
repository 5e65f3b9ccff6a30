import { OrderId } from "@quartet/contracts/Ids"
import * as Trusted from "@quartet/contracts/Trusted"
import { Schema } from "effect"
import { PaymentCommand } from "./Command.ts"

/** The provider's name for one event, the same on every delivery of it. */
export const ProviderEventId = Schema.NonEmptyString.pipe(Schema.maxLength(255), Schema.brand("ProviderEventId"))
export type ProviderEventId = typeof ProviderEventId.Type

/**
 * What is kept of an event: enough to tell it and what came of it. The body is not kept, for it holds the client secret
 * of an intent.
 */
export class ProviderEvent extends Schema.Class<ProviderEvent>("ProviderEvent")({
  eventId: ProviderEventId,
  type: Schema.NonEmptyString,
  objectId: Schema.OptionFromNullOr(Schema.String),
  orderId: Schema.OptionFromNullOr(OrderId),
  createdAt: Schema.DateTimeUtc
}) {}

/**
 * Why a signed event is set aside for a person, and moves nothing: a signature proves who sent it, and not that it is about us.
 * `unconfirmed`: it is about no intent of our record, and the provider does not have it so.
 */
export const EventVerdict = Schema.Literal("unreadable", "other_mode", "other_account", "unconfirmed")
export type EventVerdict = typeof EventVerdict.Type

export const reasons: Readonly<Record<EventVerdict, string>> = {
  unreadable: "it cannot be read",
  other_mode: "it is of the other mode than our key",
  other_account: "it is of another account than ours",
  unconfirmed: "the provider's record does not confirm it"
}

/** The provider sent an event; `command` is what it means to a payment, if it means anything to one of ours. */
export class HearEvent extends Trusted.TaggedClass<HearEvent>()("HearEvent", {
  event: Schema.typeSchema(ProviderEvent),
  command: Schema.OptionFromSelf(Schema.typeSchema(PaymentCommand)),
  verdict: Schema.OptionFromSelf(EventVerdict),
  /** The provider was asked, and `command` is its own record. */
  confirmed: Schema.Boolean
}) {}

/** The event is on record. Without a `reason` it changed the payment. */
export class EventHeard extends Trusted.TaggedClass<EventHeard>()("EventHeard", {
  event: Schema.typeSchema(ProviderEvent),
  reason: Schema.OptionFromSelf(Schema.String),
  verdict: Schema.OptionFromSelf(EventVerdict)
}) {}
