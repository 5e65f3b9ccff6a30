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
  RecordReservation,
  RecordShipment,
  RecordShipmentCancellation,
  RecordStockLoss,
  RecordStockRejection
} from "./domain/Command.ts"

/** Which command is this message? */
export const handlers = [
  on(InventoryReserved, ({ orderId }) => RecordReservation.make({ orderId })),
  on(InventoryRejected, ({ orderId, reason }) => RecordStockRejection.make({ orderId, reason })),
  on(InventoryReleased, ({ orderId }) => NoteRelease.make({ orderId })),
  on(InventoryCommitted, ({ orderId }) => NoteCommit.make({ orderId })),
  on(InventoryCommitRefused, ({ orderId }) => RecordStockLoss.make({ orderId })),
  on(
    PaymentActionRequired,
    ({ attempt, nextAction, orderId }) => RecordActionRequired.make({ orderId, attempt, nextAction })
  ),
  on(PaymentSucceeded, ({ amount, orderId }) => RecordPayment.make({ orderId, amount })),
  on(PaymentFailed, ({ attempt, orderId, reason }) => RecordPaymentFailure.make({ orderId, attempt, reason })),
  on(PaymentRefunded, ({ orderId }) => RecordRefund.make({ orderId })),
  on(PaymentRefundFailed, ({ orderId }) => RecordRefundFailure.make({ orderId })),
  on(WarehouseShipped, ({ orderId, shipmentId }) => RecordShipment.make({ orderId, shipmentId })),
  on(WarehouseShipmentCancelled, ({ orderId }) => RecordShipmentCancellation.make({ orderId })),
  on(OrderDraftExpiryDue, ({ orderId }) => ExpireDraft.make({ orderId })),
  on(OrderHoldExpiryDue, ({ orderId }) => ExpireHold.make({ orderId }))
]

export const layer = Layer.scopedDiscard(
  Effect.flatMap(OrderActor, (actor) => Consumer.make({ name: "order", actor, handlers }))
)
