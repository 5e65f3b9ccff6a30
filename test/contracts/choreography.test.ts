import { assert, describe, it } from "@effect/vitest"
import type { Remedy } from "@quartet/contracts/Catalog"
import { catalog, compensations, consumers, definitionOf, subscriptions } from "@quartet/contracts/Catalog"
import * as StockState from "@quartet/inventory/domain/State"
import * as OrderState from "@quartet/order/domain/State"
import * as PaymentState from "@quartet/payment/domain/State"
import * as ParcelState from "@quartet/warehouse/domain/State"
import { Option } from "effect"
import type { Explored, Step } from "./Explored.ts"
import { deadEnds } from "./Explored.ts"
import { listeners } from "./Listeners.ts"
import { pieces } from "./Pieces.ts"

const services = Object.entries(pieces).map(([service, piece]) => ({ service, piece }))
const allSteps = services.flatMap(({ piece, service }) => piece.steps.map((step) => ({ ...step, service })))

const saidIn = ({ steps }: Explored) => [...new Set(steps.flatMap(({ said }) => said))].toSorted()

const changes = ({ from, to }: Step) => from.key !== to.key

/** Said so that it is known; whoever it matters to knows it from what caused it. */
const terminal = ["inventory.released.v1"]

/** Read by the lists, and by the gateway, which asks the provider: neither is a decider of its own. */
const heardOutside = (type: string) =>
  Option.match(definitionOf(type), {
    onNone: () => false,
    onSome: ({ heardBy }) => heardBy.some((name) => name === "order-summaries" || name === "payment-gateway")
  })

describe("who says and hears what", () => {
  it("every consumer of the catalogue has handlers, and nobody else has", () => {
    assert.sameMembers(Object.keys(listeners), Object.keys(consumers))
  })

  it.each(subscriptions)(
    "$consumer has a handler for each message it hears, and for no other",
    ({ consumer, types }) => {
      assert.deepStrictEqual(listeners[consumer].types.toSorted(), types.toSorted())
    }
  )

  it.each(services)("$service says all that the catalogue has it say, and nothing else", ({ piece, service }) => {
    const listed = catalog.map(({ definition }) => definition).filter(({ speaker }) => speaker === service)
    assert.deepStrictEqual(saidIn(piece), listed.map(({ type }) => type).toSorted())
  })

  it("every message makes a difference to somebody who hears it, or is declared to make none", () => {
    const acted = new Set(allSteps.filter((step) => changes(step) || step.said.length > 0).map(({ cause }) => cause))
    const idle = catalog.map(({ definition }) => definition.type).filter((type) =>
      !acted.has(type) && !heardOutside(type)
    )
    assert.deepStrictEqual(idle, terminal)
  })
})

const answered = (remedy: Remedy) => remedy.by === "messages" ? remedy.types : []

describe("every failure is put right", () => {
  it.each(compensations.filter(({ remedy }) => remedy.by === "messages"))(
    "$failure, by those who hear it and say what its compensation is",
    ({ failure, remedy }) => {
      for (const type of answered(remedy)) {
        assert.isTrue(allSteps.some(({ cause, said }) => cause === failure && said.includes(type)), type)
      }
    }
  )

  it("what compensates is acted on in its turn, unless it is only to be known", () => {
    const remedies = [...new Set(compensations.flatMap(({ remedy }) => answered(remedy)))]
    assert.deepStrictEqual(
      remedies.filter((type) => !allSteps.some((step) => step.cause === type && changes(step))),
      terminal
    )
  })

  it.each(["payment.failed.v1", "order.cancelled.v1", "order.failed.v1"])(
    "%s gives back what is held, whoever else has heard of it",
    (type) => {
      const held = pieces.inventory.steps.filter(({ cause, from }) => cause === type && from.condition === "Active")
      assert.isNotEmpty(held)
      for (const { said, to } of held) {
        assert.strictEqual(to.condition, "Released")
        assert.deepStrictEqual(said, ["inventory.released.v1"])
      }
    }
  )

  it("money that comes for an order that is over is asked back, every time", () => {
    const late = pieces.order.steps.filter(({ by, cause, from }) =>
      by === "message" && cause === "payment.succeeded.v1" && ["Failed", "Cancelled"].includes(from.condition) &&
      from.key.includes(`"refund":"none"`) && from.key.includes(`"paymentRequested":true`)
    )
    assert.isNotEmpty(late)
    for (const { said } of late) assert.include(said, "order.refund_requested.v1")
  })
})

const conditions = {
  order: ["Absent", ...OrderState.Order.members.map(({ _tag }) => _tag)],
  payment: ["Absent", ...PaymentState.Payment.members.map(({ _tag }) => _tag)],
  inventory: ["Absent", ...StockState.Reservation.members.map(({ _tag }) => _tag)],
  warehouse: ["Absent", ...ParcelState.Shipment.members.map(({ _tag }) => _tag)]
} satisfies Record<keyof typeof pieces, ReadonlyArray<string>>

/** The conditions in which nothing more has to happen, as the state tables declare them. */
const atRest = {
  order: ["Absent", "Shipped", "Failed", "Cancelled"],
  payment: ["Absent", "Forbidden", "Failed", "Succeeded", "Mismatched"],
  inventory: ["Absent", "Committed", "Released", "Refused", "Lost"],
  warehouse: ["Absent", "Shipped", "Stopped"]
} satisfies Record<keyof typeof pieces, ReadonlyArray<string>>

const named = Object.entries({ ...pieces })

describe("no state is a dead end", () => {
  it("because every condition of every service was looked at", () => {
    for (const [service, { places }] of named) {
      const reached = [...new Set(places.map(({ condition }) => condition))]
      assert.sameMembers(reached, Object.entries(conditions).find(([name]) => name === service)?.[1] ?? [], service)
    }
  })

  it("because nothing but what is declared to be final counts as an end", () => {
    for (const [service, { places }] of named) {
      const resting = [...new Set(places.filter((place) => place.atRest).map(({ condition }) => condition))]
      assert.sameMembers(resting, Object.entries(atRest).find(([name]) => name === service)?.[1] ?? [], service)
    }
  })

  it.each(services)(
    "of $service: messages, timers and the provider alone lead from each to an end (H39)",
    ({ piece }) => {
      assert.deepStrictEqual(deadEnds(piece, ["message", "provider"]).map(({ key }) => key), [])
    }
  )

  it.each(services)(
    "of $service: every one that is no end is left by something that happens by itself",
    ({ piece }) => {
      const open = piece.places.filter((place) => !place.atRest)
      assert.isNotEmpty(open)
      const left = new Set(
        piece.steps.filter((step) => step.by !== "request" && changes(step)).map(({ from }) => from.key)
      )
      assert.deepStrictEqual(open.filter(({ key }) => !left.has(key)).map(({ key }) => key), [])
    }
  )

  it("the provider's last word ends every wait for it, whichever word it is (H39)", () => {
    const waiting = ["Charging", "ActionRequired", "Cancelling", "Closing"]
    const { steps } = pieces.payment
    const last = steps.filter(({ cause, from }) =>
      ["the payment is succeeded", "the payment is canceled"].includes(cause) && waiting.includes(from.condition)
    )
    assert.sameMembers([...new Set(last.map(({ from }) => from.condition))], waiting)
    for (const { cause, from, to } of last) assert.include(atRest.payment, to.condition, `${from.key}: ${cause}`)
  })

  it("an order that waits for stock or for its customer has a timer that ends the wait", () => {
    const entered = (condition: string) =>
      pieces.order.steps.filter(({ from, to }) => to.condition === condition && from.condition !== condition)
    for (const { said } of entered("Draft")) assert.include(said, "order.draft_expiry_due.v1")
    for (const { said } of entered("Reserved")) assert.include(said, "order.hold_expiry_due.v1")
    assert.isNotEmpty([...entered("Draft"), ...entered("Reserved")])
  })
})
