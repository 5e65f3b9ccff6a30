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

/** The provider sent an event; `command` is what it means to a payment, if it means anything to one of ours. */
export class HearEvent extends Trusted.TaggedClass<HearEvent>()("HearEvent", {
  event: Schema.typeSchema(ProviderEvent),
  command: Schema.OptionFromSelf(Schema.typeSchema(PaymentCommand))
}) {}

/** The event is on record. Without a `reason` it changed the payment. */
export class EventHeard extends Trusted.TaggedClass<EventHeard>()("EventHeard", {
  event: Schema.typeSchema(ProviderEvent),
  reason: Schema.OptionFromSelf(Schema.String)
}) {}
