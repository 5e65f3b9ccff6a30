import { RefundId } from "@quartet/contracts/Ids"
import {
  InventoryCommitRefused,
  InventoryCommitted,
  InventoryRejected,
  InventoryReleased,
  InventoryReserved
} from "@quartet/contracts/InventoryMessages"
import { OrderDraftExpiryDue, OrderHoldExpiryDue } from "@quartet/contracts/OrderMessages"
import {
  PaymentActionRequired,
  PaymentFailed,
  PaymentRefunded,
  PaymentRefundFailed,
  PaymentRefundSettled,
  PaymentSucceeded
} from "@quartet/contracts/PaymentMessages"
import { WarehouseShipmentCancelled, WarehouseShipped } from "@quartet/contracts/WarehouseMessages"
import * as Consumer from "@quartet/messaging/Consumer"
import { on } from "@quartet/messaging/Handler"
import { Effect, Layer } from "effect"
import { OrderActor } from "./Actor.ts"
import {
  ExpireDraft,
  ExpireHold,
  NoteCommit,
  NoteRelease,
  RecordActionRequired,
  RecordPayment,
  RecordPaymentFailure,
  RecordRefund,
  RecordRefundFailure,
  RecordRefundSettlement,
  RecordReservation,
  RecordShipment,
  RecordShipmentCancellation,
  RecordStockLoss,
  RecordStockRejection
} from "./domain/Command.ts"

/** Which command is this message? Where all the money may have to go back, the refund takes its number from the message. */
export const handlers = [
  on(InventoryReserved, ({ orderId }) => RecordReservation.make({ orderId })),
  on(InventoryRejected, ({ orderId, reason }) => RecordStockRejection.make({ orderId, reason })),
  on(InventoryReleased, ({ orderId }) => NoteRelease.make({ orderId })),
  on(InventoryCommitted, ({ orderId }) => NoteCommit.make({ orderId })),
  on(InventoryCommitRefused, ({ orderId }, { id }) => RecordStockLoss.make({ orderId, refundId: RefundId.make(id) })),
  on(
    PaymentActionRequired,
    ({ attempt, nextAction, orderId }) => RecordActionRequired.make({ orderId, attempt, nextAction })
  ),
  on(
    PaymentSucceeded,
    ({ amount, orderId }, { id }) => RecordPayment.make({ orderId, amount, refundId: RefundId.make(id) })
  ),
  on(PaymentFailed, ({ attempt, orderId, reason }) => RecordPaymentFailure.make({ orderId, attempt, reason })),
  on(
    PaymentRefunded,
    ({ amount, covered = false, orderId, reason, refundId }) =>
      RecordRefund.make({ orderId, refundId, amount, reason, covered })
  ),
  on(
    PaymentRefundSettled,
    ({ amount, orderId, reason, refundId }) => RecordRefundSettlement.make({ orderId, refundId, amount, reason })
  ),
  on(
    PaymentRefundFailed,
    ({ amount, orderId, refundId }) =>
      RecordRefundFailure.make({ orderId, amount, ...(refundId === undefined ? {} : { refundId }) })
  ),
  on(WarehouseShipped, ({ orderId, shipmentId }) => RecordShipment.make({ orderId, shipmentId })),
  on(
    WarehouseShipmentCancelled,
    ({ orderId }, { id }) => RecordShipmentCancellation.make({ orderId, refundId: RefundId.make(id) })
  ),
  on(OrderDraftExpiryDue, ({ orderId }) => ExpireDraft.make({ orderId })),
  on(OrderHoldExpiryDue, ({ orderId }) => ExpireHold.make({ orderId }))
]

export const layer = Layer.scopedDiscard(
  Effect.flatMap(OrderActor, (actor) => Consumer.make({ name: "order", actor, handlers }))
)
