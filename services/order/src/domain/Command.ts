import { CustomerId, OrderId, PaymentMethodId, RefundId, ShipmentId } from "@quartet/contracts/Ids"
import { WantedLines } from "@quartet/contracts/Lines"
import { Money, SomeMoney } from "@quartet/contracts/Money"
import { Attempt, OrderFailureReason, RefundReason } from "@quartet/contracts/OrderMessages"
import { NextAction, PaymentFailureReason } from "@quartet/contracts/PaymentMessages"
import * as Trusted from "@quartet/contracts/Trusted"
import { Schema } from "effect"

/** A customer orders. `orderId` is the number the order gets. */
export class Place extends Trusted.TaggedClass<Place>()("Place", {
  orderId: OrderId,
  customerId: CustomerId,
  lines: WantedLines
}) {}

/** A customer pays. */
export class Pay extends Trusted.TaggedClass<Pay>()("Pay", {
  orderId: OrderId,
  customerId: CustomerId,
  paymentMethodId: PaymentMethodId
}) {}

/** A customer changes their mind. */
export class Cancel extends Trusted.TaggedClass<Cancel>()("Cancel", { orderId: OrderId, customerId: CustomerId }) {}

/** An operator gives part of a shipped order's money back, or all of it. `refundId` is the number the refund gets. */
export class RequestRefund extends Trusted.TaggedClass<RequestRefund>()("RequestRefund", {
  orderId: OrderId,
  refundId: RefundId,
  amount: SomeMoney,
  because: Schema.String,
  askedBy: Schema.String
}) {}

/** Every line is held. */
export class RecordReservation
  extends Trusted.TaggedClass<RecordReservation>()("RecordReservation", { orderId: OrderId })
{}

/** Nothing could be held. */
export class RecordStockRejection extends Trusted.TaggedClass<RecordStockRejection>()("RecordStockRejection", {
  orderId: OrderId,
  reason: Schema.typeSchema(OrderFailureReason)
}) {}

/** What was held is the order's for good. */
export class NoteCommit extends Trusted.TaggedClass<NoteCommit>()("NoteCommit", { orderId: OrderId }) {}

/** What was held is available to others again. */
export class NoteRelease extends Trusted.TaggedClass<NoteRelease>()("NoteRelease", { orderId: OrderId }) {}

/** The number of the refund, should all the money have to go back. */
const owing = { orderId: OrderId, refundId: RefundId }

/** The order was paid, but its goods are gone. */
export class RecordStockLoss extends Trusted.TaggedClass<RecordStockLoss>()("RecordStockLoss", owing) {}

/** The charge waits for the customer. */
export class RecordActionRequired extends Trusted.TaggedClass<RecordActionRequired>()("RecordActionRequired", {
  orderId: OrderId,
  attempt: Attempt,
  nextAction: NextAction
}) {}

/** The money is ours. */
export class RecordPayment extends Trusted.TaggedClass<RecordPayment>()("RecordPayment", {
  ...owing,
  amount: Money
}) {}

/** No money came of this attempt, and none will. */
export class RecordPaymentFailure extends Trusted.TaggedClass<RecordPaymentFailure>()("RecordPaymentFailure", {
  orderId: OrderId,
  attempt: Attempt,
  reason: Schema.typeSchema(PaymentFailureReason)
}) {}

/** The money went back; `covered`, when other refunds had returned it before. */
export class RecordRefund extends Trusted.TaggedClass<RecordRefund>()("RecordRefund", {
  orderId: OrderId,
  refundId: Schema.NonEmptyString,
  amount: Money,
  reason: Schema.typeSchema(RefundReason),
  covered: Schema.Boolean
}) {}

/** What the provider would not give back, an operator paid back by another way. */
export class RecordRefundSettlement extends Trusted.TaggedClass<RecordRefundSettlement>()("RecordRefundSettlement", {
  orderId: OrderId,
  refundId: Schema.NonEmptyString,
  amount: Money,
  reason: Schema.typeSchema(RefundReason)
}) {}

/** The provider will not give the money back, or it came back. Who told us long ago did not say which refund it is. */
export class RecordRefundFailure extends Trusted.TaggedClass<RecordRefundFailure>()("RecordRefundFailure", {
  orderId: OrderId,
  refundId: Schema.optional(Schema.NonEmptyString),
  amount: Money
}) {}

/** The parcel left. */
export class RecordShipment extends Trusted.TaggedClass<RecordShipment>()("RecordShipment", {
  orderId: OrderId,
  shipmentId: ShipmentId
}) {}

/** The parcel will not leave. */
export class RecordShipmentCancellation
  extends Trusted.TaggedClass<RecordShipmentCancellation>()("RecordShipmentCancellation", owing)
{}

/** Stock should have answered by now. */
export class ExpireDraft extends Trusted.TaggedClass<ExpireDraft>()("ExpireDraft", { orderId: OrderId }) {}

/** The time to pay is over. */
export class ExpireHold extends Trusted.TaggedClass<ExpireHold>()("ExpireHold", { orderId: OrderId }) {}

export const OrderCommand = Schema.Union(
  Place,
  Pay,
  Cancel,
  RequestRefund,
  RecordReservation,
  RecordStockRejection,
  NoteCommit,
  NoteRelease,
  RecordStockLoss,
  RecordActionRequired,
  RecordPayment,
  RecordPaymentFailure,
  RecordRefund,
  RecordRefundFailure,
  RecordRefundSettlement,
  RecordShipment,
  RecordShipmentCancellation,
  ExpireDraft,
  ExpireHold
)
export type OrderCommand = typeof OrderCommand.Type
