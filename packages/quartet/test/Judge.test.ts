import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import type { Remedy } from "../src/reconcile/Finding.ts"
import { judge } from "../src/reconcile/judge.ts"
import type { Story } from "../src/reconcile/Story.ts"

const now = DateTime.unsafeMake("2026-03-02T12:00:00Z")
const ago = (hours: number) => DateTime.subtract(now, { hours })

type Order = NonNullable<Story["order"]>
type Payment = NonNullable<Story["payment"]>

const order = (status: Order["status"], more: Partial<Order> = {}): Order => ({
  status,
  refund: "none",
  cancelling: false,
  hasAction: false,
  askedAt: null,
  holdUntil: null,
  changedAt: now,
  ...more
})

const payment = (status: Payment["status"], more: Partial<Payment> = {}): Payment => ({
  status,
  taken: status === "Succeeded" || status === "Mismatched" ? 2000 : 0,
  returned: 0,
  currency: "EUR",
  refundingAt: null,
  changedAt: now,
  ...more
})

const story = (parts: Partial<Story>): Story => ({
  orderId: "an-order",
  order: null,
  payment: null,
  stock: null,
  parcel: null,
  ...parts
})

/** What is wrong with an order, and who says something again about it; nobody is a person. */
const told = (parts: Partial<Story>) =>
  judge(story(parts), now).map(({ id, remedy }) =>
    `${id.split("/").at(-1)}: ${remedy._tag === "SayAgain" ? remedy.speakers.join(" and ") : "nobody"}`
  )

const orders: ReadonlyArray<Order | null> = [
  null,
  ...(["Draft", "Reserved", "PaymentPending", "Paid", "Shipped", "Failed", "Cancelled"] as const).flatMap((status) =>
    (["none", "requested", "refunded", "failed"] as const).flatMap((refund) =>
      [false, true].map((cancelling) => order(status, { refund, cancelling }))
    )
  )
]
const payments: ReadonlyArray<Payment | null> = [
  null,
  ...(["Forbidden", "Opened", "Charging", "ActionRequired", "Cancelling", "Closing", "Failed"] as const).map((status) =>
    payment(status)
  ),
  ...(["Succeeded", "Mismatched"] as const).flatMap((status) => [
    payment(status),
    payment(status, { returned: 2000 }),
    payment(status, { refundingAt: now })
  ])
]

/** Whatever the four services may say of one order. */
const everyStory = orders.flatMap((order) =>
  payments.flatMap((payment) =>
    ([null, "Active", "Committed", "Released", "Refused", "Lost"] as const).flatMap((stock) =>
      ([null, "AwaitingStock", "AwaitingPayment", "Ready", "Shipped", "Stopped"] as const).map((parcel) =>
        story({ order, payment, stock, parcel })
      )
    )
  )
)

const speaksOrder = (remedy: Remedy): boolean => remedy._tag === "SayAgain" && remedy.speakers.includes("order")

const gone = payment("Succeeded", { returned: 2000 })
const asked = { askedAt: ago(1) }

const fine: ReadonlyArray<readonly [string, Partial<Story>]> = [
  ["waits for stock", { order: order("Draft") }],
  ["waits for its customer", {
    order: order("Reserved", { holdUntil: DateTime.add(now, { hours: 1 }) }),
    stock: "Active"
  }],
  ["waits for the provider", { order: order("PaymentPending", asked), payment: payment("Charging"), stock: "Active" }],
  [
    "waits for the bank",
    {
      order: order("PaymentPending", { ...asked, hasAction: true }),
      payment: payment("ActionRequired"),
      stock: "Active"
    }
  ],
  ["waits for its parcel", {
    order: order("Paid", asked),
    payment: payment("Succeeded"),
    stock: "Committed",
    parcel: "Ready"
  }],
  ["left", { order: order("Shipped", asked), payment: payment("Succeeded"), stock: "Committed", parcel: "Shipped" }],
  [
    "left, and part of its money was given back",
    {
      order: order("Shipped", { ...asked, refund: "refunded" }),
      payment: payment("Succeeded", { returned: 700 }),
      stock: "Committed",
      parcel: "Shipped"
    }
  ],
  ["was declined", { order: order("Failed", asked), payment: payment("Failed"), stock: "Released" }],
  [
    "was cancelled and its money is on the way back",
    {
      order: order("Cancelled", { ...asked, refund: "requested" }),
      payment: payment("Succeeded", { refundingAt: now }),
      stock: "Released",
      parcel: "Stopped"
    }
  ],
  ["was cancelled and got its money back", {
    order: order("Cancelled", { ...asked, refund: "refunded" }),
    payment: gone
  }],
  ["was cancelled, its open intent is being closed", {
    order: order("Cancelled", asked),
    payment: payment("Cancelling")
  }]
]

const unheard: ReadonlyArray<readonly [string, Partial<Story>, ReadonlyArray<string>]> = [
  ["stock that answered", { order: order("Draft"), stock: "Active" }, ["stock: inventory"]],
  ["a draft that waits for ever (H40)", { order: order("Draft", { changedAt: ago(2) }) }, ["late: order"]],
  ["a hold that ran out", { order: order("Reserved", { holdUntil: ago(1) }), stock: "Active" }, ["late: order"]],
  [
    "money that came (H39)",
    { order: order("PaymentPending", asked), payment: payment("Succeeded"), stock: "Active" },
    ["payment: payment"]
  ],
  [
    "money that did not come",
    { order: order("PaymentPending", asked), payment: payment("Failed"), stock: "Released" },
    ["payment: payment"]
  ],
  [
    "a step at the bank",
    { order: order("PaymentPending", asked), payment: payment("ActionRequired"), stock: "Active" },
    ["action: payment"]
  ],
  [
    "a question that nobody asks any more",
    { order: order("PaymentPending", asked), payment: payment("Charging", { changedAt: ago(2) }), stock: "Active" },
    ["stuck: payment"]
  ],
  ["a payment that was lost (H208)", { order: order("PaymentPending", asked), stock: "Active" }, ["payment: order"]],
  [
    "goods that were to be committed",
    { order: order("Paid", asked), payment: payment("Succeeded"), stock: "Active", parcel: "AwaitingStock" },
    ["stock: order"]
  ],
  [
    "goods that are gone",
    { order: order("Paid", asked), payment: payment("Succeeded"), stock: "Lost", parcel: "AwaitingStock" },
    ["stock: inventory"]
  ],
  [
    "a parcel that left",
    { order: order("Paid", asked), payment: payment("Succeeded"), stock: "Committed", parcel: "Shipped" },
    ["parcel: warehouse"]
  ],
  [
    "a parcel that was stopped",
    {
      order: order("Paid", { ...asked, cancelling: true }),
      payment: payment("Succeeded"),
      stock: "Committed",
      parcel: "Stopped"
    },
    ["parcel: warehouse"]
  ],
  [
    "money that came for an order that was over",
    { order: order("Cancelled", asked), payment: payment("Succeeded"), stock: "Released" },
    ["refund: payment"]
  ],
  [
    "a refund that was asked for",
    { order: order("Failed", { ...asked, refund: "requested" }), payment: payment("Succeeded"), stock: "Lost" },
    ["refund: order and payment"]
  ],
  ["goods of an order that is over", { order: order("Failed"), stock: "Active" }, ["stock: order and payment"]],
  ["a parcel of an order that is over", { order: order("Cancelled"), parcel: "Ready" }, ["parcel: order"]]
]

const persons: ReadonlyArray<readonly [string, Partial<Story>, ReadonlyArray<string>]> = [
  ["an order that only others know (H208)", { payment: payment("Succeeded"), stock: "Committed" }, ["unknown: nobody"]],
  [
    "a payment that was lost a day ago (H49, H208)",
    { order: order("PaymentPending", { askedAt: ago(24) }), stock: "Active" },
    ["payment: nobody"]
  ],
  [
    "an order that is older than its payment (H208)",
    { order: order("Reserved", { holdUntil: ago(1) }), payment: payment("Succeeded"), stock: "Active" },
    ["older: nobody"]
  ],
  [
    "an order that was paid by nobody's money",
    { order: order("Paid"), payment: payment("Failed"), stock: "Committed", parcel: "Ready" },
    ["payment: nobody"]
  ],
  [
    "money that the provider does not give back (H66)",
    { order: order("Cancelled", { ...asked, refund: "failed" }), payment: payment("Succeeded"), stock: "Released" },
    ["refund: nobody"]
  ],
  [
    "money of which only a part went back",
    { order: order("Cancelled", { ...asked, refund: "refunded" }), payment: payment("Succeeded", { returned: 700 }) },
    ["refund: nobody"]
  ],
  ["a parcel that left for an order that is over", { order: order("Failed"), parcel: "Shipped" }, ["parcel: nobody"]]
]

describe("an order's story", () => {
  it.each(fine)("agrees with itself when it %s", (_, parts) => {
    assert.deepStrictEqual(told(parts), [])
  })

  it.each(unheard)("is mended by saying again what was not heard: %s", (_, parts, expected) => {
    assert.deepStrictEqual(told(parts), expected)
  })

  it.each(persons)("is a person's: %s", (_, parts, expected) => {
    assert.deepStrictEqual(told(parts), expected)
  })

  it("never has a payment asked for again whose key the provider may have forgotten (H49)", () => {
    const lost = everyStory.filter(({ order, payment }) => payment === null && order !== null)
    const long = lost.map((one) => ({ ...one, order: one.order === null ? null : { ...one.order, askedAt: ago(24) } }))
    const found = long.flatMap((one) => judge(one, now))
    assert.isAbove(found.length, 100)
    assert.deepStrictEqual(found.filter(({ remedy }) => remedy._tag !== "Person" && speaksOrder(remedy)), [])
    const recent = lost.map((one) => ({ ...one, order: one.order === null ? null : { ...one.order, askedAt: ago(1) } }))
    assert.isNotEmpty(recent.flatMap((one) => judge(one, now)).filter(({ remedy }) => speaksOrder(remedy)))
  })

  it("has a name of its own for each thing that is wrong with it, whatever the story", () => {
    assert.isAbove(everyStory.length, 5000)
    for (const one of everyStory) {
      const ids = judge(one, now).map(({ id }) => id)
      assert.deepStrictEqual(ids, [...new Set(ids)])
    }
  })

  it("is never said again to a warehouse that might send a second parcel (H208)", () => {
    for (const parcel of [null, "AwaitingStock", "AwaitingPayment", "Ready", "Stopped"] as const) {
      for (const stock of [null, "Active", "Released"] as const) {
        const parts = { order: order("Shipped", asked), stock, parcel }
        assert.deepStrictEqual(told(parts), ["parcel: nobody"])
        assert.deepStrictEqual(told({ ...parts, payment: payment("Succeeded") }), ["parcel: nobody"])
      }
    }
  })
})
