import { CustomerId, OrderId, PaymentId, PaymentMethodId, RefundId } from "@quartet/contracts/Ids"
import { Money } from "@quartet/contracts/Money"
import { Attempt, RefundReason } from "@quartet/contracts/OrderMessages"
import { PaymentFailureReason, Try } from "@quartet/contracts/PaymentMessages"
import * as Trusted from "@quartet/contracts/Trusted"
import { Schema } from "effect"
import { Intent, ProviderRefund } from "./Intent.ts"

const about = { orderId: OrderId }
/** Which question this answers; an answer to an older one starts no further question. */
const asked = { try: Try }

/** The customer pressed the button. `paymentId` is the number the payment gets if there is none yet. */
export class RequestPayment extends Trusted.TaggedClass<RequestPayment>()("RequestPayment", {
  ...about,
  paymentId: PaymentId,
  attempt: Attempt,
  customerId: CustomerId,
  paymentMethodId: PaymentMethodId,
  amount: Money
}) {}

/** The order is cancelled: no money should come for it. */
export class CancelPayment extends Trusted.TaggedClass<CancelPayment>()("CancelPayment", about) {}

/** The order wants money back. `refundId` is the number the refund gets. */
export class RequestRefund extends Trusted.TaggedClass<RequestRefund>()("RequestRefund", {
  ...about,
  refundId: RefundId,
  amount: Money,
  reason: Schema.typeSchema(RefundReason)
}) {}

/** The provider is about to be asked for the charge, if that is still wanted. */
export class BeginCharge extends Trusted.TaggedClass<BeginCharge>()("BeginCharge", {
  ...about,
  attempt: Attempt,
  ...asked
}) {}

/**
 * The provider told what became of an intent, as an answer or, without `asked`, by itself. `refundId` is the number of
 * the refund, should this money have to go back at once.
 */
export class RecordIntent extends Trusted.TaggedClass<RecordIntent>()("RecordIntent", {
  ...about,
  intent: Schema.typeSchema(Intent),
  asked: Schema.OptionFromSelf(Try),
  refundId: RefundId
}) {}

/** The call had no outcome. `fault`: because of something only we can repair, so it is asked again slowly. */
export class RecordUnknown extends Trusted.TaggedClass<RecordUnknown>()("RecordUnknown", {
  ...about,
  attempt: Attempt,
  ...asked,
  why: Schema.String,
  fault: Schema.Boolean
}) {}

/** The provider refused the call itself: there is no intent and no money. */
export class RecordRefusedCall extends Trusted.TaggedClass<RecordRefusedCall>()("RecordRefusedCall", {
  ...about,
  attempt: Attempt,
  reason: Schema.typeSchema(PaymentFailureReason)
}) {}

/** Whether the provider cancelled the intent is not known. `refused`: it will not, however often it is asked. */
export class RecordCancelUnknown extends Trusted.TaggedClass<RecordCancelUnknown>()("RecordCancelUnknown", {
  ...about,
  ...asked,
  why: Schema.String,
  fault: Schema.Boolean,
  refused: Schema.Boolean.pipe(Schema.propertySignature, Schema.withConstructorDefault(() => false))
}) {}

/** The provider is about to be asked for the refund, if that is still wanted. */
export class BeginRefund extends Trusted.TaggedClass<BeginRefund>()("BeginRefund", {
  ...about,
  refundId: RefundId,
  ...asked
}) {}

/** The provider told what became of a refund. `refundId` is the number it gets if it is none of ours. */
export class RecordRefund extends Trusted.TaggedClass<RecordRefund>()("RecordRefund", {
  ...about,
  refund: Schema.typeSchema(ProviderRefund),
  asked: Schema.OptionFromSelf(Try),
  refundId: RefundId
}) {}

/** The refund call had no outcome. */
export class RecordRefundUnknown extends Trusted.TaggedClass<RecordRefundUnknown>()("RecordRefundUnknown", {
  ...about,
  refundId: RefundId,
  ...asked,
  why: Schema.String,
  fault: Schema.Boolean
}) {}

/** Everything had gone back already when the provider was asked. */
export class RecordAlreadyRefunded extends Trusted.TaggedClass<RecordAlreadyRefunded>()("RecordAlreadyRefunded", {
  ...about,
  refundId: RefundId
}) {}

/** The provider refused the refund for good. */
export class RecordRefundRefused extends Trusted.TaggedClass<RecordRefundRefused>()("RecordRefundRefused", {
  ...about,
  refundId: RefundId,
  reason: Schema.String
}) {}

/** An operator paid a failed refund back by another way, and says how. */
export class SettleRefund extends Trusted.TaggedClass<SettleRefund>()("SettleRefund", {
  ...about,
  refundId: RefundId,
  because: Schema.NonEmptyString,
  settledBy: Schema.NonEmptyString
}) {}

/** A customer disputes a charge. It is a person's to answer: nothing goes back because of it (H68). */
export class NoteDispute extends Trusted.TaggedClass<NoteDispute>()("NoteDispute", about) {}

/** The provider was not asked: what was due is no longer wanted, or was asked already. */
export class SkipCall extends Trusted.TaggedClass<SkipCall>()("SkipCall", about) {}

export const RefundCommand = Schema.Union(
  RequestRefund,
  BeginRefund,
  RecordRefund,
  RecordRefundUnknown,
  RecordAlreadyRefunded,
  RecordRefundRefused,
  SettleRefund
)
export type RefundCommand = typeof RefundCommand.Type

export const PaymentCommand = Schema.Union(
  RequestPayment,
  CancelPayment,
  BeginCharge,
  RecordIntent,
  RecordUnknown,
  RecordRefusedCall,
  RecordCancelUnknown,
  NoteDispute,
  SkipCall,
  ...RefundCommand.members
)
export type PaymentCommand = typeof PaymentCommand.Type
