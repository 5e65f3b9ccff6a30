import { assert, describe, it } from "@effect/vitest"
import { eventsOf } from "@quartet/messaging/Decision"
import { HashMap, Option } from "effect"
import type { InventoryCommand } from "../src/domain/Command.ts"
import { ReleaseCause } from "../src/domain/Command.ts"
import { decide } from "../src/domain/Decider.ts"
import type { Inventory } from "../src/domain/State.ts"
import { available, empty, evolve, nothingOf, reservationOf } from "../src/domain/State.ts"
import { say } from "../src/Outbound.ts"
import { commit, cup, freshOrder, receive, release, reserve, tea } from "./support.ts"

const step = (inventory: Inventory, command: InventoryCommand): Inventory =>
  eventsOf(decide(inventory, command)).reduce(evolve, inventory)

const after = (...history: ReadonlyArray<InventoryCommand>): Inventory => history.reduce(step, empty)

const levelOf = ({ stock }: Inventory, sku = tea) => Option.getOrElse(HashMap.get(stock, sku), () => nothingOf(sku))

const order = freshOrder()
const other = freshOrder()

interface Happened {
  readonly decision: string
  readonly events: ReadonlyArray<string>
  readonly said: ReadonlyArray<{ readonly type: string; readonly data: unknown }>
  readonly state: string
  readonly stock: { readonly onHand: number; readonly reserved: number }
}

/** What the last command of the history makes happen, be said, and leave behind. */
const last = (...history: ReadonlyArray<InventoryCommand>): Happened => {
  const before = after(...history.slice(0, -1))
  const command = history[history.length - 1]
  assert(command !== undefined)
  const decision = decide(before, command)
  const events = eventsOf(decision)
  const inventory = events.reduce(evolve, before)
  return {
    decision: decision._tag,
    events: events.map(({ _tag }) => _tag),
    said: events.flatMap(say).map(({ data, type }) => ({ type, data })),
    state: reservationOf(inventory, order)._tag,
    stock: { onHand: levelOf(inventory).onHand, reserved: levelOf(inventory).reserved }
  }
}

const nothing: Pick<Happened, "decision" | "events" | "said"> = { decision: "Ignored", events: [], said: [] }

describe("reserving", () => {
  it("holds every line of the order and says so", () =>
    assert.deepStrictEqual(last(receive(tea, 5), receive(cup, 1), reserve(order, [tea, 2], [cup, 1])), {
      decision: "Accepted",
      events: ["StockReserved"],
      said: [{
        type: "inventory.reserved.v1",
        data: { orderId: order, lines: [{ sku: cup, quantity: 1 }, { sku: tea, quantity: 2 }] }
      }],
      state: "Active",
      stock: { onHand: 5, reserved: 2 }
    }))

  it("gives out the last units and not one more (H86)", () => {
    const orders = Array.from({ length: 7 }, freshOrder)
    const inventory = after(receive(tea, 5), ...orders.map((id) => reserve(id, [tea, 1])))
    assert.strictEqual(available(levelOf(inventory)), 0)
    assert.deepStrictEqual(
      orders.map((id) => reservationOf(inventory, id)._tag),
      ["Active", "Active", "Active", "Active", "Active", "Refused", "Refused"]
    )
  })

  it("holds nothing when one line falls short, and names the SKUs that did (H87)", () =>
    assert.deepStrictEqual(last(receive(tea, 5), receive(cup, 1), reserve(order, [tea, 2], [cup, 2])), {
      decision: "Accepted",
      events: ["ReservationRefused"],
      said: [{
        type: "inventory.rejected.v1",
        data: { orderId: order, reason: "out_of_stock", short: [cup] }
      }],
      state: "Refused",
      stock: { onHand: 5, reserved: 0 }
    }))

  it("adds up the lines of one SKU, and is short when only their sum is (H95)", () => {
    const held = last(receive(tea, 5), reserve(order, [tea, 2], [tea, 3]))
    assert.deepStrictEqual(held.stock, { onHand: 5, reserved: 5 })
    assert.strictEqual(last(receive(tea, 4), reserve(order, [tea, 2], [tea, 3])).state, "Refused")
  })

  it("tells a sum that no single line may carry in several lines (H95)", () => {
    const { said } = last(receive(tea, 2500), reserve(order, [tea, 1000], [tea, 1000], [tea, 1]))
    const lines = [{ sku: tea, quantity: 1000 }, { sku: tea, quantity: 1000 }, { sku: tea, quantity: 1 }]
    assert.deepStrictEqual(said, [{ type: "inventory.reserved.v1", data: { orderId: order, lines } }])
  })

  it("refuses a SKU that nobody ever received by a message, not as poison (H96)", () =>
    assert.deepStrictEqual(last(receive(tea, 5), reserve(order, [tea, 1], [cup, 1])).said, [{
      type: "inventory.rejected.v1",
      data: { orderId: order, reason: "unknown_product", short: [cup] }
    }]))

  it("does nothing for an order it knows already, whatever became of it", () => {
    const again = reserve(order, [tea, 1])
    const histories = [
      [again],
      [again, commit(order, [tea, 1])],
      [again, release(order, "payment_failed")],
      [commit(order, [tea, 1])],
      [reserve(order, [tea, 9])],
      [commit(order, [tea, 9])]
    ]
    for (const history of histories) assert.deepInclude(last(receive(tea, 5), ...history, again), nothing)
  })

  it("takes nothing for an order that was released before it arrived (H34, H89)", () => {
    for (const cause of ReleaseCause.literals) {
      const { stock, ...late } = last(receive(tea, 5), release(order, cause), reserve(order, [tea, 1]))
      assert.deepStrictEqual(late, { ...nothing, state: "Released" })
      assert.deepStrictEqual(stock, { onHand: 5, reserved: 0 })
    }
  })
})

describe("releasing", () => {
  const held = [receive(tea, 5), reserve(order, [tea, 2])]

  it("gives back what a failed payment held, and says which message freed it", () =>
    assert.deepStrictEqual(last(...held, release(order, "payment_failed")), {
      decision: "Accepted",
      events: ["StockReleased"],
      said: [{ type: "inventory.released.v1", data: { orderId: order, cause: "payment.failed.v1" } }],
      state: "Released",
      stock: { onHand: 5, reserved: 0 }
    }))

  it("gives back once, however often and for whatever causes it is asked (H90)", () => {
    const released = [...held, reserve(other, [tea, 1]), release(order, "payment_failed")]
    for (const cause of ReleaseCause.literals) {
      const again = last(...released, release(order, cause))
      assert.deepStrictEqual(again.stock, { onHand: 5, reserved: 1 })
      assert.deepStrictEqual(again.said, [])
      assert.deepInclude(last(...released, release(order, cause), release(order, cause)), nothing)
    }
  })

  it("leaves a tombstone, silently, when nothing was reserved yet (H33, H89)", () =>
    assert.deepInclude(last(receive(tea, 5), release(order, "order_cancelled")), {
      events: ["ReservationForbidden"],
      said: [],
      state: "Released"
    }))

  it("returns what a cancelled order had committed to the shelf, once (H29)", () => {
    const paid = [...held, commit(order, [tea, 2])]
    assert.deepStrictEqual(last(...paid, release(order, "order_cancelled")), {
      decision: "Accepted",
      events: ["StockReturned"],
      said: [{ type: "inventory.released.v1", data: { orderId: order, cause: "order.cancelled.v1" } }],
      state: "Released",
      stock: { onHand: 5, reserved: 0 }
    })
    const again = last(...paid, release(order, "order_cancelled"), release(order, "order_failed"))
    assert.deepInclude(again, { ...nothing, stock: { onHand: 5, reserved: 0 } })
  })

  it("lets the late failure of an earlier payment release nothing of a paid order (H23)", () =>
    assert.deepInclude(last(...held, commit(order, [tea, 2]), release(order, "payment_failed")), {
      ...nothing,
      state: "Committed",
      stock: { onHand: 3, reserved: 0 }
    }))

  it("has nothing to give back for an order that was refused", () =>
    assert.deepInclude(last(receive(tea, 5), reserve(order, [tea, 9]), release(order, "order_failed")), nothing))
})

describe("committing", () => {
  const held = [receive(tea, 5), reserve(order, [tea, 2])]
  const paid = commit(order, [tea, 2])
  const committed = {
    type: "inventory.committed.v1",
    data: { orderId: order, lines: [{ sku: tea, quantity: 2 }] }
  }

  it("takes what is held off the shelf for good, once", () => {
    assert.deepStrictEqual(last(...held, paid), {
      decision: "Accepted",
      events: ["StockCommitted"],
      said: [committed],
      state: "Committed",
      stock: { onHand: 3, reserved: 0 }
    })
    assert.deepInclude(last(...held, paid, paid), { ...nothing, stock: { onHand: 3, reserved: 0 } })
  })

  it("takes the goods again for an order that was paid after all, if they are there (H91)", () => {
    const histories = [
      [...held, release(order, "payment_failed")],
      [receive(tea, 5), release(order, "payment_failed")],
      [reserve(order, [tea, 2]), receive(tea, 5)],
      [receive(tea, 5)]
    ]
    for (const history of histories) {
      assert.deepInclude(last(...history, paid), {
        events: ["StockRetaken"],
        said: [committed],
        state: "Committed",
        stock: { onHand: 3, reserved: 0 }
      })
    }
  })

  it("says once that the goods of a paid order are gone, so that the money goes back (H91)", () => {
    const sold = [...held, release(order, "payment_failed"), reserve(other, [tea, 4])]
    assert.deepStrictEqual(last(...sold, paid), {
      decision: "Accepted",
      events: ["CommitRefused"],
      said: [{ type: "inventory.commit_refused.v1", data: { orderId: order, short: [tea] } }],
      state: "Lost",
      stock: { onHand: 5, reserved: 4 }
    })
    const still = last(...sold, paid, release(other, "order_cancelled"), paid)
    assert.deepInclude(still, { ...nothing, state: "Lost" })
    assert.deepInclude(last(...sold, paid, release(order, "order_failed")), nothing)
  })

  it("takes nothing for an order that is over, also when its payment had failed first (H38, H92)", () => {
    const histories = [
      [...held, release(order, "order_cancelled")],
      [...held, release(order, "payment_failed"), release(order, "order_failed")],
      [receive(tea, 5), release(order, "payment_failed"), release(order, "order_cancelled")],
      [receive(tea, 5), release(order, "order_failed")]
    ]
    for (const history of histories) {
      assert.deepInclude(last(...history, paid), { ...nothing, stock: { onHand: 5, reserved: 0 } })
    }
  })
})

describe("receiving", () => {
  it("begins the stock of a new SKU, and adds to that of a known one", () => {
    const inventory = after(receive(tea, 5), receive(tea, 7))
    assert.deepStrictEqual(levelOf(inventory), { sku: tea, received: 12, onHand: 12, reserved: 0, version: 2 })
  })

  it("is refused where the count would no longer be exact (H163)", () => {
    const full = { ...nothingOf(tea), received: Number.MAX_SAFE_INTEGER - 1, onHand: 3 }
    const inventory: Inventory = { ...empty, stock: HashMap.make([tea, full]) }
    assert.strictEqual(decide(inventory, receive(tea, 2))._tag, "Refused")
    assert.strictEqual(decide(inventory, receive(tea, 1))._tag, "Accepted")
  })
})
