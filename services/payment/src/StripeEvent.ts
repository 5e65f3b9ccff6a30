import type { SqlError } from "@effect/sql"
import type { OrderId } from "@quartet/contracts/Ids"
import { newRefundId } from "@quartet/contracts/Ids"
import { Clock, DateTime, Effect, Either, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import type { PaymentCommand } from "./domain/Command.ts"
import { NoteDispute, RecordIntent, RecordRefund } from "./domain/Command.ts"
import { IntentId } from "./domain/Intent.ts"
import type { EventVerdict } from "./domain/ProviderEvent.ts"
import { HearEvent, ProviderEvent, ProviderEventId } from "./domain/ProviderEvent.ts"
import { readIntent, readRefund } from "./StripeObject.ts"

/** What is kept and shown of a text that came from outside: no spaces, and nothing that a database or a log cannot take. */
const Word = Schema.String.pipe(Schema.pattern(/^[\x21-\x7e]{1,255}$/))

const Created = Schema.Int.pipe(Schema.between(0, 253_402_300_799))
const Claimed = Schema.optionalWith(Schema.String, { nullable: true })

/** The part of an event that does not depend on its type. Source: Stripe, "The Event object". */
const WireEvent = Schema.Struct({
  id: Schema.compose(Word, ProviderEventId),
  type: Word,
  created: Created,
  livemode: Schema.Boolean,
  account: Claimed,
  context: Claimed,
  data: Schema.Struct({ object: Schema.Unknown })
})
type WireEvent = typeof WireEvent.Type

/** Whose events are ours. */
export interface Ours {
  /** The mode of our key, where it can be told by the key. */
  readonly livemode: Option.Option<boolean>
  /** Whether this is our account. Asked only of events that name one. */
  readonly isOurs: (account: string) => Effect.Effect<boolean>
}

/** Finds the order of an intent, for objects that carry no metadata of ours. */
export type OrderOfIntent = (intentId: IntentId) => Effect.Effect<Option.Option<OrderId>, SqlError.SqlError>

const objectIdIn = Schema.decodeUnknownOption(Schema.Struct({ id: Word }))
const decodeBody = Schema.decodeUnknownEither(Schema.parseJson(WireEvent))
const decodeJson = Schema.decodeUnknownOption(Schema.parseJson(Schema.Unknown))
const idIn = Schema.decodeUnknownOption(Schema.Struct({ id: WireEvent.fields.id }))
const typeIn = Schema.decodeUnknownOption(Schema.Struct({ type: Word }))
const createdIn = Schema.decodeUnknownOption(Schema.Struct({ created: Created }))

/** Which command is this body, whose signature is good? What cannot be read is a command as well: it is kept. */
export const toCommand = (
  body: Uint8Array,
  ours: Ours,
  orderOfIntent: OrderOfIntent
): Effect.Effect<HearEvent, SqlError.SqlError> =>
  Effect.suspend(() => {
    const text = new TextDecoder().decode(body)
    return Either.match(decodeBody(text), {
      onLeft: () => unreadable(body, text),
      onRight: (event) =>
        Effect.flatMap(verdictOf(event, ours), (verdict) =>
          Option.isSome(verdict) ? Effect.succeed(heard(event, verdict, Option.none())) : read(event, orderOfIntent))
    })
  })

/** Equal bytes without an id are the same event. */
const digestOf = (body: Uint8Array) => ProviderEventId.make(`sha256:${createHash("sha256").update(body).digest("hex")}`)

/** Thin events, events of later years and what is no event at all: as much of it as can be told. */
const unreadable = (body: Uint8Array, text: string): Effect.Effect<HearEvent> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const json = Option.getOrNull(decodeJson(text))
    return HearEvent.make({
      event: ProviderEvent.make({
        eventId: Option.match(idIn(json), { onNone: () => digestOf(body), onSome: ({ id }) => id }),
        type: Option.match(typeIn(json), { onNone: () => "unknown", onSome: ({ type }) => type }),
        objectId: Option.none(),
        orderId: Option.none(),
        createdAt: DateTime.unsafeMake(
          Option.match(createdIn(json), { onNone: () => now, onSome: ({ created }) => created * 1000 })
        )
      }),
      command: Option.none(),
      verdict: Option.some<EventVerdict>("unreadable"),
      confirmed: false
    })
  })

/** Whose event it is: one endpoint may hear of both modes, and of the accounts that are connected to ours. */
const verdictOf = ({ account, context, livemode }: WireEvent, ours: Ours) =>
  Effect.gen(function*() {
    if (Option.exists(ours.livemode, (mode) => mode !== livemode)) return Option.some<EventVerdict>("other_mode")
    const named = [account, context].filter((one) => one !== undefined)
    const areOurs = yield* Effect.every(named, ours.isOurs)
    return areOurs ? Option.none<EventVerdict>() : Option.some<EventVerdict>("other_account")
  })

const heard = (
  { created, data, id, type }: WireEvent,
  verdict: Option.Option<EventVerdict>,
  command: Option.Option<PaymentCommand>
): HearEvent =>
  HearEvent.make({
    event: ProviderEvent.make({
      eventId: id,
      type,
      objectId: Option.map(objectIdIn(data.object), (object) => object.id),
      orderId: Option.map(command, ({ orderId }) => orderId),
      createdAt: DateTime.unsafeMake(created * 1000)
    }),
    command,
    verdict,
    confirmed: false
  })

const read = (event: WireEvent, orderOfIntent: OrderOfIntent): Effect.Effect<HearEvent, SqlError.SqlError> =>
  Effect.map(commandOf(event.type, event.data.object, orderOfIntent), (said) =>
    said === "unreadable"
      ? heard(event, Option.some(said), Option.none())
      : heard(event, Option.none(), said))

/** What an event says of a payment of ours, if it says anything; or that its object is none that we can read. */
type Meaning = Option.Option<PaymentCommand> | "unreadable"

/**
 * `payment_intent.*`, `refund.*` and `charge.dispute.*` hold the object they are about. `charge.refunded` holds the charge alone
 * and always comes with the refund's own event, so like every other type it is only put on record.
 */
const commandOf = (
  type: string,
  object: unknown,
  orderOfIntent: OrderOfIntent
): Effect.Effect<Meaning, SqlError.SqlError> => {
  if (type.startsWith("payment_intent.")) return intentCommand(object)
  if (type.startsWith("charge.dispute.")) return disputeCommand(object, orderOfIntent)
  return type.startsWith("refund.") || type === "charge.refund.updated"
    ? refundCommand(object, orderOfIntent)
    : Effect.succeedNone
}

const intentCommand = (object: unknown): Effect.Effect<Meaning> =>
  Effect.gen(function*() {
    const said = Option.getOrUndefined(Either.getRight(readIntent(object)))
    if (said === undefined) return "unreadable"
    if (Option.isNone(said.orderId)) return Option.none()
    const refundId = yield* newRefundId
    return Option.some(
      RecordIntent.make({ orderId: said.orderId.value, intent: said.what, asked: Option.none(), refundId })
    )
  })

/** Source: Stripe, "The Dispute object". It carries no metadata of ours, only the intent that it is about. */
const disputedIntentIn = Schema.decodeUnknownOption(Schema.Struct({ payment_intent: IntentId }))

const disputeCommand = (
  object: unknown,
  orderOfIntent: OrderOfIntent
): Effect.Effect<Meaning, SqlError.SqlError> =>
  Option.match(disputedIntentIn(object), {
    onNone: () => Effect.succeed("unreadable"),
    onSome: ({ payment_intent: intentId }) =>
      Effect.map(orderOfIntent(intentId), Option.map((orderId) => NoteDispute.make({ orderId })))
  })

const refundCommand = (object: unknown, orderOfIntent: OrderOfIntent): Effect.Effect<Meaning, SqlError.SqlError> =>
  Effect.gen(function*() {
    const said = Option.getOrUndefined(Either.getRight(readRefund(object)))
    if (said === undefined) return "unreadable"
    const orderId = Option.isSome(said.orderId) ? said.orderId : yield* orderOfIntent(said.what.intentId)
    if (Option.isNone(orderId)) return Option.none()
    const refundId = yield* newRefundId
    return Option.some(
      RecordRefund.make({ orderId: orderId.value, refund: said.what, asked: Option.none(), refundId })
    )
  })
