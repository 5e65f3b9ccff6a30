import { assert, describe, it } from "@effect/vitest"
import { OrderId, ShipmentId, Sku } from "@quartet/contracts/Ids"
import { Quantity } from "@quartet/contracts/Quantity"
import { eventsOf } from "@quartet/messaging/Decision"
import { DateTime, Duration, Option } from "effect"
import {
  CancelShipment,
  Dispatch,
  DispatchWhenDue,
  ForbidShipment,
  NotePayment,
  NoteStock
} from "../src/domain/Command.ts"
import type { WarehouseCommand } from "../src/domain/Command.ts"
import { decide } from "../src/domain/Decider.ts"
import type { State } from "../src/domain/State.ts"
import { absent, evolve } from "../src/domain/State.ts"

const orderId = OrderId.make("01890000-0000-7000-8000-000000000001")
const shipmentId = ShipmentId.make("01890000-0000-7000-8000-000000000002")
const other = ShipmentId.make("01890000-0000-7000-8000-000000000003")
const lines = [{ sku: Sku.make("tea"), quantity: Quantity.make(2) }]
const now = DateTime.unsafeMake("2026-01-01T00:00:00Z")

const decided = decide({ dispatchAfter: Option.some(Duration.seconds(2)) })
const paid = NotePayment.make({ orderId, shipmentId, lines })
const committed = NoteStock.make({ orderId, shipmentId: other, lines })
const dispatch = Dispatch.make({ orderId })
const due = DispatchWhenDue.make({ orderId })
const cancel = CancelShipment.make({ orderId })
const forbid = ForbidShipment.make({ orderId })

const after = (...history: ReadonlyArray<WarehouseCommand>): State =>
  history.reduce((state, command) => eventsOf(decided(state, command, now)).reduce(evolve, state), absent)

const given = (...history: ReadonlyArray<WarehouseCommand>) => ({
  when: (command: WarehouseCommand) => decided(after(...history), command, now)
})
const tags = (decision: ReturnType<typeof decided>) => eventsOf(decision).map(({ _tag }) => _tag)

describe("the warehouse decides", () => {
  it("waits for the stock of a paid order, and for the payment of a committed one (H101)", () => {
    assert.deepStrictEqual(tags(given().when(paid)), ["PaymentNoted"])
    assert.deepStrictEqual(tags(given().when(committed)), ["StockNoted"])
  })

  it("prepares a shipment when both are known, in either order, to leave after the set delay", () => {
    const [prepared] = eventsOf(given(paid).when(committed))
    assert.strictEqual(prepared?._tag, "ShipmentPrepared")
    if (prepared?._tag !== "ShipmentPrepared") return
    assert.strictEqual(prepared.shipmentId, other)
    assert.deepStrictEqual(prepared.dispatchAt, Option.some(DateTime.unsafeMake("2026-01-01T00:00:02Z")))
    assert.deepStrictEqual(tags(given(committed).when(paid)), ["ShipmentPrepared"])
  })

  it("leaves dispatch to operators when no delay is set", () => {
    const [prepared] = eventsOf(decide({ dispatchAfter: Option.none() })(after(paid), committed, now))
    assert.isTrue(prepared?._tag === "ShipmentPrepared" && Option.isNone(prepared.dispatchAt))
  })

  it("ships a ready parcel once, whoever asks and however often (H99)", () => {
    assert.deepStrictEqual(tags(given(paid, committed).when(due)), ["ShipmentDispatched"])
    assert.deepStrictEqual(tags(given(paid, committed).when(dispatch)), ["ShipmentDispatched"])
    assert.strictEqual(given(paid, committed, due).when(dispatch)._tag, "Ignored")
    assert.strictEqual(given(paid, committed, due).when(paid)._tag, "Ignored")
    assert.strictEqual(given(paid, committed, due).when(committed)._tag, "Ignored")
  })

  it("refuses an operator what is not ready, and tells a timer nothing", () => {
    for (const history of [[], [paid], [committed]]) {
      assert.strictEqual(given(...history).when(dispatch)._tag, "Refused")
      assert.strictEqual(given(...history).when(due)._tag, "Ignored")
    }
  })

  it("stops a parcel that is still here and says so once (H100)", () => {
    for (const history of [[], [paid], [committed], [paid, committed]]) {
      assert.deepStrictEqual(tags(given(...history).when(cancel)), ["ShipmentCancelled"])
      assert.strictEqual(given(...history, cancel).when(cancel)._tag, "Ignored")
    }
  })

  it("never ships for an order that ended, also when its payment arrives afterwards (H100)", () => {
    assert.deepStrictEqual(tags(given().when(forbid)), ["ShipmentForbidden"])
    for (const command of [paid, committed, due, cancel, forbid]) {
      assert.strictEqual(given(forbid).when(command)._tag, "Ignored")
    }
    assert.strictEqual(given(forbid, paid, committed).when(dispatch)._tag, "Refused")
  })

  it("cannot call back a parcel that left (H30)", () => {
    assert.strictEqual(given(paid, committed, due).when(cancel)._tag, "Ignored")
    assert.strictEqual(given(paid, committed, due).when(forbid)._tag, "Ignored")
  })
})
