import type { SqlError } from "@effect/sql"
import type { OrderId } from "@quartet/contracts/Ids"
import { newRefundId } from "@quartet/contracts/Ids"
import type { ParseResult } from "effect"
import { DateTime, Effect, Either, Option, Schema } from "effect"
import type { PaymentCommand } from "./domain/Command.ts"
import { NoteDispute, RecordIntent, RecordRefund } from "./domain/Command.ts"
import { IntentId } from "./domain/Intent.ts"
import { HearEvent, ProviderEvent, ProviderEventId } from "./domain/ProviderEvent.ts"
import { readIntent, readRefund } from "./StripeObject.ts"

/** The part of an event that does not depend on its type. Source: Stripe, "The Event object". */
const WireEvent = Schema.Struct({
  id: ProviderEventId,
  type: Schema.NonEmptyString,
  created: Schema.Int.pipe(Schema.between(0, 253_402_300_799)),
  data: Schema.Struct({ object: Schema.Unknown })
})

/** Finds the order of an intent, for objects that carry no metadata of ours. */
export type OrderOfIntent = (intentId: IntentId) => Effect.Effect<Option.Option<OrderId>, SqlError.SqlError>

const objectIdIn = Schema.decodeUnknownOption(Schema.Struct({ id: Schema.String.pipe(Schema.maxLength(255)) }))

/**
 * Which command is this event? `payment_intent.*`, `refund.*` and `charge.dispute.*` hold the object they are about. `charge.refunded` holds the
 * charge alone and always comes with the refund's own event, so like every other type it is only put on record.
 */
export const toCommand = (
  body: unknown,
  orderOfIntent: OrderOfIntent
): Effect.Effect<HearEvent, ParseResult.ParseError | SqlError.SqlError> =>
  Effect.gen(function*() {
    const { created, data, id, type } = yield* Schema.decodeUnknown(WireEvent)(body)
    const command = yield* commandOf(type, data.object, orderOfIntent)
    return HearEvent.make({
      event: ProviderEvent.make({
        eventId: id,
        type,
        objectId: Option.map(objectIdIn(data.object), (object) => object.id),
        orderId: Option.map(command, ({ orderId }) => orderId),
        createdAt: DateTime.unsafeMake(created * 1000)
      }),
      command
    })
  })

const commandOf = (
  type: string,
  object: unknown,
  orderOfIntent: OrderOfIntent
): Effect.Effect<Option.Option<PaymentCommand>, SqlError.SqlError> => {
  if (type.startsWith("payment_intent.")) return intentCommand(object)
  if (type.startsWith("charge.dispute.")) return disputeCommand(object, orderOfIntent)
  return type.startsWith("refund.") || type === "charge.refund.updated"
    ? refundCommand(object, orderOfIntent)
    : Effect.succeedNone
}

const intentCommand = (object: unknown) =>
  Effect.gen(function*() {
    const said = Option.getOrUndefined(Either.getRight(readIntent(object)))
    if (said === undefined || Option.isNone(said.orderId)) return Option.none()
    const refundId = yield* newRefundId
    return Option.some(
      RecordIntent.make({ orderId: said.orderId.value, intent: said.what, asked: Option.none(), refundId })
    )
  })

/** Source: Stripe, "The Dispute object". It carries no metadata of ours, only the intent that it is about. */
const disputedIntentIn = Schema.decodeUnknownOption(Schema.Struct({ payment_intent: IntentId }))

const disputeCommand = (object: unknown, orderOfIntent: OrderOfIntent) =>
  Option.match(disputedIntentIn(object), {
    onNone: () => Effect.succeedNone,
    onSome: ({ payment_intent: intentId }) =>
      Effect.map(orderOfIntent(intentId), Option.map((orderId) => NoteDispute.make({ orderId })))
  })

const refundCommand = (object: unknown, orderOfIntent: OrderOfIntent) =>
  Effect.gen(function*() {
    const said = Option.getOrUndefined(Either.getRight(readRefund(object)))
    if (said === undefined) return Option.none()
    const orderId = Option.isSome(said.orderId) ? said.orderId : yield* orderOfIntent(said.what.intentId)
    if (Option.isNone(orderId)) return Option.none()
    const refundId = yield* newRefundId
    return Option.some(
      RecordRefund.make({ orderId: orderId.value, refund: said.what, asked: Option.none(), refundId })
    )
  })
