import { assert, describe, it } from "@effect/vitest"
import { OrderId } from "@quartet/contracts/Ids"
import { DateTime, Duration, HashMap, Option } from "effect"
import { v7 } from "uuid"
import type { OrderCommand } from "../src/domain/Command.ts"
import type { Slice } from "../src/domain/Decider.ts"
import { decide } from "../src/domain/Decider.ts"
import { TooManyFailedPayments, TooManyOpenOrders } from "../src/domain/Rejection.ts"
import type { Standing } from "../src/domain/Standing.ts"
import * as O from "./support/Orders.ts"

/** How a customer stands who has this much already; three open orders and two failed payments are allowed. */
const having = (standing: Partial<Standing>): Slice => ({
  ...O.nothing,
  customers: HashMap.make([
    O.customerId,
    { customerId: O.customerId, openOrders: 0, failedPayments: 0, oldestFailure: Option.none(), ...standing }
  ])
})

const another = () => {
  const orderId = OrderId.make(v7())
  return <C extends OrderCommand>(command: C) => ({ ...command, orderId })
}

const standing = (slice: Slice) => {
  const { failedPayments = 0, openOrders = 0 } = Option.getOrUndefined(HashMap.get(slice.customers, O.customerId)) ?? {}
  return { openOrders, failedPayments }
}

describe("a customer with many open orders", () => {
  it("places no more than may be open, within one batch too (H199)", () => {
    const orders = Array.from({ length: 4 }, () => another()(O.place))
    const { slice } = O.given(orders.slice(0, 3), having({}))
    assert.strictEqual(standing(slice).openOrders, 3)
    const fourth = O.given([], slice).when(orders[3] ?? O.place)
    assert.deepStrictEqual(fourth.decision, {
      _tag: "Refused",
      rejection: new TooManyOpenOrders({ orderId: orders[3]?.orderId ?? O.orderId, limit: 3 })
    })
  })

  it("may place one as soon as another is paid, fails or is cancelled", () => {
    const full = having({ openOrders: 3 })
    for (const end of ["Paid", "Failed", "Cancelled"] satisfies ReadonlyArray<O.Stage>) {
      const { slice } = O.given(O.histories[end].slice(1), O.given([O.place], having({ openOrders: 2 })).slice)
      assert.strictEqual(standing(slice).openOrders, 2, end)
      assert.deepStrictEqual(O.given([], slice).when(another()(O.place)).tags, ["OrderPlaced"])
    }
    assert.deepStrictEqual(O.given([], full).when(O.place).tags, [])
  })

  it("is told nothing new about an order that was placed already", () => {
    const { slice } = O.given([O.place], having({ openOrders: 2 }))
    assert.strictEqual(O.given([], slice).when(O.place).decision._tag, "Ignored")
  })

  it("may have any number where the limit is 0", () => {
    const policy = { ...O.policy, limits: { openOrders: 0, failedPayments: 0 } }
    const full = having({ openOrders: 9, failedPayments: 9, oldestFailure: Option.some(O.at) })
    assert.strictEqual(decide(policy)(full, O.place, O.at)._tag, "Accepted")
    const { slice } = O.given([O.place, O.reserve], having({ failedPayments: 9, oldestFailure: Option.some(O.at) }))
    assert.strictEqual(decide(policy)(slice, O.pay, O.at)._tag, "Accepted")
  })
})

describe("a customer whose payments fail", () => {
  const reserved = (standing: Partial<Standing>) => O.given([O.place, O.reserve], having(standing)).slice
  const ago = (minutes: number) => Option.some(DateTime.subtractDuration(O.at, Duration.minutes(minutes)))

  it("has to wait until the first of too many is an hour old (H200)", () => {
    const slice = reserved({ failedPayments: 2, oldestFailure: ago(50) })
    assert.deepStrictEqual(O.given([], slice).when(O.pay).decision, {
      _tag: "Refused",
      rejection: new TooManyFailedPayments({ orderId: O.orderId, retryAfterSeconds: 600 })
    })
    assert.deepStrictEqual(O.given([], reserved({ failedPayments: 1, oldestFailure: ago(50) })).when(O.pay).tags, [
      "PaymentRequested"
    ])
  })

  it("is counted one more for a payment that is refused or called off, and for no other end (H200)", () => {
    const failures = (history: ReadonlyArray<OrderCommand>) =>
      standing(O.given(history, having({})).slice).failedPayments
    assert.strictEqual(failures(O.histories.Failed), 1)
    assert.strictEqual(failures([...O.histories.PaymentPending, O.cancel]), 1)
    assert.strictEqual(failures([...O.histories.PaymentPending, O.cancel, O.paid]), 1)
    assert.strictEqual(failures(O.histories.Shipped), 0)
    assert.strictEqual(failures([...O.histories.Paid, O.stockLost]), 0)
    assert.strictEqual(failures([O.place, O.reserve, O.cancel]), 0)
    assert.strictEqual(failures([O.place, O.outOfStock]), 0)
  })

  it("still hears of an order that is paid already", () => {
    const { slice } = O.given([O.pay, O.paid], reserved({}))
    const late = { ...slice, customers: reserved({ failedPayments: 2, oldestFailure: ago(1) }).customers }
    assert.strictEqual(O.given([], late).when(O.pay).decision._tag, "Ignored")
  })
})
