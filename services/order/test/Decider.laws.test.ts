import { assert, describe, it } from "@effect/vitest"
import { definitionOf } from "@quartet/contracts/Catalog"
import { CustomerId } from "@quartet/contracts/Ids"
import * as Trusted from "@quartet/contracts/Trusted"
import { eventsOf } from "@quartet/messaging/Decision"
import { Arbitrary, Either, FastCheck, Option, Schema } from "effect"
import type { OrderCommand } from "../src/domain/Command.ts"
import * as Command from "../src/domain/Command.ts"
import { decide, orderIn } from "../src/domain/Decider.ts"
import { totalsOf } from "../src/domain/Refund.ts"
import { versionOf } from "../src/domain/State.ts"
import { say } from "../src/Outbound.ts"
import * as O from "./support/Orders.ts"

const isFinal = (status: string) => status === "Shipped" || status === "Failed" || status === "Cancelled"

/** Any command at all, about this order, by its customer or a stranger, often with the right amount. */
const anyCommand = Arbitrary.make(Command.OrderCommand).chain((command): FastCheck.Arbitrary<OrderCommand> => {
  const customer = FastCheck.constantFrom(O.customerId, O.customerId, CustomerId.make("mallory"))
  if (command._tag === "Place") return FastCheck.constant(O.place)
  if (command._tag === "RecordPayment") return FastCheck.constantFrom(O.paid, { ...command, orderId: O.orderId })
  if (command._tag === "Pay" || command._tag === "Cancel") {
    return customer.map((customerId) => ({ ...command, orderId: O.orderId, customerId }))
  }
  if (command._tag === "RequestRefund") {
    const { amount } = command.amount
    const { currency } = O.total
    return FastCheck.constant({ ...command, orderId: O.orderId, amount: { amount: 1 + amount % 8000, currency } })
  }
  return FastCheck.constant(
    "attempt" in command
      ? { ...command, orderId: O.orderId, attempt: 1 + command.attempt % 2 }
      : { ...command, orderId: O.orderId }
  )
})
const likely = FastCheck.constantFrom<ReadonlyArray<OrderCommand>>(...Object.values(O.histories))
const history = FastCheck.tuple(likely, FastCheck.array(anyCommand, { maxLength: 12 })).map(([begun, more]) => [
  ...begun,
  ...more
])

const legal: Readonly<Record<string, ReadonlyArray<string>>> = {
  Absent: ["Draft"],
  Draft: ["Reserved", "Failed", "Cancelled"],
  Reserved: ["PaymentPending", "Cancelled"],
  PaymentPending: ["PaymentPending", "Paid", "Failed", "Cancelled"],
  Paid: ["Paid", "Shipped", "Cancelled", "Failed"],
  Shipped: ["Shipped"],
  Failed: ["Failed"],
  Cancelled: ["Cancelled"]
}

/** Every event of a history with the order before and after it. */
const walk = (commands: ReadonlyArray<OrderCommand>) => {
  let slice = O.nothing
  return commands.flatMap((command) =>
    eventsOf(decide(O.policy)(slice, command, O.at)).map((event) => {
      const before = orderIn(slice, O.orderId)
      slice = O.given([], slice).evolve(event)
      return { event, before, after: orderIn(slice, O.orderId) }
    })
  )
}

const runs = { fastCheck: { numRuns: 500 } }

describe("for every history", () => {
  it.prop("asking again decides nothing more (H31, H36)", [history, anyCommand], ([commands, command]) => {
    const { after } = O.given(commands).when(command)
    const again = O.given([], after).when(command)
    assert.deepStrictEqual(again.tags, [])
  }, runs)

  it.prop(
    "what happened, what is then true and what is said of it hold what their fields say",
    [history],
    ([commands]) => {
      walk(commands).forEach(({ after, event }) => {
        assert.isTrue(Trusted.isWhole(event), event._tag)
        assert.isTrue(Trusted.isWhole(after), after._tag)
        if (after._tag === "Absent") return
        for (const { data, type } of say(event, after)) {
          assert.isTrue(Either.isRight(Option.getOrThrow(definitionOf(type)).read(data)), type)
        }
      })
    },
    runs
  )

  it.prop(
    "the order only goes where the state table leads, a version at a time (H37, H43, G7)",
    [history],
    ([commands]) => {
      walk(commands).forEach(({ after, before }, index) => {
        assert.isTrue(legal[before._tag]?.includes(after._tag), `${before._tag} to ${after._tag}`)
        assert.strictEqual(versionOf(after), index + 1)
      })
    },
    runs
  )

  it.prop("what is final stays as it is but for its refund", [history, anyCommand], ([commands, command]) => {
    const { order: before } = O.given(commands)
    if (before._tag === "Absent" || !isFinal(before._tag)) return
    const { order: after } = O.given(commands).when(command)
    const others = { version: 0, refund: "none", refunds: [] }
    assert.deepStrictEqual({ ...after, ...others }, { ...before, ...others })
  }, runs)

  it.prop("each thing is said once at most", [history], ([commands]) => {
    const said = walk(commands).flatMap(({ after, event }) => after._tag === "Absent" ? [] : say(event, after))
    for (
      const type of [
        "order.placed.v1",
        "order.paid.v1",
        "order.cancelled.v1",
        "order.failed.v1",
        "order.payment_requested.v1"
      ]
    ) {
      assert.isAtMost(said.filter((message) => message.type === type).length, 1, type)
    }
  }, runs)

  it.prop(
    "all the money is asked back once at most, and never more than was charged (H65)",
    [history],
    ([commands]) => {
      const asked = walk(commands).flatMap(({ event }) => event._tag === "RefundRequested" ? [event] : [])
      assert.isAtMost(asked.filter(({ reason }) => reason !== "operator").length, 1)
      for (const { after, event } of walk(commands)) {
        if (event._tag !== "RefundRequested" || after._tag === "Absent") continue
        const { refunded, requested } = totalsOf(after.refunds, after.total)
        assert.isAtMost(refunded.amount + requested.amount, Math.max(after.total.amount, event.amount.amount))
      }
    },
    runs
  )

  it.prop("an order that is over after its money came owes a refund (G4)", [history], ([commands]) => {
    const events = walk(commands).map(({ event }) => event._tag)
    const { order } = O.given(commands)
    if (!events.includes("PaymentReceived") || (order._tag !== "Failed" && order._tag !== "Cancelled")) return
    assert.notStrictEqual(order.refund, "none")
  }, runs)

  it.prop("lines and total never change (H188)", [history], ([commands]) => {
    for (const { after } of walk(commands)) {
      assert.deepInclude(after, { total: O.total, customerId: O.customerId })
    }
  }, runs)

  it.prop("every event leads to a summary of its version that can be read", [history], ([commands]) => {
    for (const { after, event } of walk(commands)) {
      const summary = after._tag === "Absent" ? undefined : say(event, after).at(-1)
      const read = Schema.decodeUnknownSync(Schema.Struct({ version: Schema.Int, status: Schema.String }))(
        summary?.data
      )
      assert.deepStrictEqual(read, { version: versionOf(after), status: after._tag })
    }
  }, runs)
})
