import type { Decision } from "@quartet/messaging/Decision"
import { accept, ignore, refuse } from "@quartet/messaging/Decision"
import type { Duration } from "effect"
import { DateTime, Match, Option } from "effect"
import type { NotePayment, NoteStock, WarehouseCommand } from "./Command.ts"
import type { WarehouseEvent } from "./Event.ts"
import {
  PaymentNoted,
  ShipmentCancelled,
  ShipmentDispatched,
  ShipmentForbidden,
  ShipmentPrepared,
  StockNoted
} from "./Event.ts"
import type { WarehouseRejection } from "./Rejection.ts"
import { ShipmentNotReady, ShipmentStopped } from "./Rejection.ts"
import type { State } from "./State.ts"

/** How long a parcel that could leave waits before it does so by itself; none: it waits for an operator. */
export interface Policy {
  readonly dispatchAfter: Option.Option<Duration.Duration>
}

type Decided = Decision<WarehouseEvent, WarehouseRejection>

/**
 * Ships once, and only what is both paid and committed. The same command twice is accepted twice and decides nothing
 * the second time; what arrives for a stopped shipment changes nothing.
 */
export const decide = (policy: Policy) => (state: State, command: WarehouseCommand, now: DateTime.Utc): Decided => {
  const prepare = ({ lines, orderId, shipmentId }: NotePayment | NoteStock): Decided =>
    accept(ShipmentPrepared.make({
      orderId,
      shipmentId,
      lines,
      dispatchAt: Option.map(policy.dispatchAfter, (after) => DateTime.addDuration(now, after))
    }))

  return Match.valueTags(command, {
    NotePayment: (c) =>
      Match.valueTags(state, {
        Absent: () => accept(PaymentNoted.make({ orderId: c.orderId, lines: c.lines })),
        AwaitingPayment: () => prepare(c),
        AwaitingStock: alreadyKnown,
        Ready: alreadyKnown,
        Shipped: alreadyKnown,
        Stopped: stoppedBefore
      }),

    NoteStock: (c) =>
      Match.valueTags(state, {
        Absent: () => accept(StockNoted.make({ orderId: c.orderId, lines: c.lines })),
        AwaitingStock: () => prepare(c),
        AwaitingPayment: alreadyKnown,
        Ready: alreadyKnown,
        Shipped: alreadyKnown,
        Stopped: stoppedBefore
      }),

    Dispatch: ({ orderId }) =>
      dispatch(
        state,
        () => refuse(ShipmentNotReady.make({ orderId })),
        () => refuse(ShipmentStopped.make({ orderId }))
      ),

    DispatchWhenDue: () => dispatch(state, () => ignore("nothing is ready to leave"), stoppedBefore),

    CancelShipment: ({ orderId }) => stop(state, () => accept(ShipmentCancelled.make({ orderId }))),

    ForbidShipment: ({ orderId }) => stop(state, () => accept(ShipmentForbidden.make({ orderId })))
  })
}

const alreadyKnown = () => ignore("already known")
const stoppedBefore = () => ignore("the shipment was stopped")

const dispatch = (state: State, notReady: () => Decided, stopped: () => Decided): Decided =>
  Match.valueTags(state, {
    Absent: notReady,
    AwaitingPayment: notReady,
    AwaitingStock: notReady,
    Ready: ({ orderId, shipmentId }) => accept(ShipmentDispatched.make({ orderId, shipmentId })),
    Shipped: () => ignore("already shipped"),
    Stopped: stopped
  })

/** Until the parcel left it can be stopped, also before anything is known of it: what comes later then finds it stopped. */
const stop = (state: State, stopped: () => Decided): Decided =>
  Match.valueTags(state, {
    Absent: stopped,
    AwaitingPayment: stopped,
    AwaitingStock: stopped,
    Ready: stopped,
    Shipped: () => ignore("already shipped"),
    Stopped: stoppedBefore
  })
