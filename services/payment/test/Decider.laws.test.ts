import { assert, describe, it } from "@effect/vitest"
import { definitionOf } from "@quartet/contracts/Catalog"
import * as Trusted from "@quartet/contracts/Trusted"
import { eventsOf } from "@quartet/messaging/Decision"
import type { Outgoing } from "@quartet/messaging/Message"
import { DateTime, Either, FastCheck as fc, HashMap, HashSet, Option } from "effect"
import type { PaymentCommand, RequestRefund } from "../src/domain/Command.ts"
import type { PaymentEvent } from "../src/domain/Event.ts"
import type { IntentStatus, ProviderRefundStatus } from "../src/domain/Intent.ts"
import { IntentId, ProviderRefundId } from "../src/domain/Intent.ts"
import { returned } from "../src/domain/Refund.ts"
import type { State } from "../src/domain/State.ts"
import { absent, evolve, versionOf } from "../src/domain/State.ts"
import { say } from "../src/Outbound.ts"
import * as Make from "./Builders.ts"

const statuses = fc.constantFrom<IntentStatus[]>(
  "requires_payment_method",
  "requires_confirmation",
  "requires_action",
  "processing",
  "requires_capture",
  "canceled",
  "succeeded",
  "succeeded"
)
const asked = fc.integer({ min: 1, max: 3 })
const maybeAsked = fc.option(asked, { nil: undefined })
const sums = fc.constantFrom(Make.amount, Make.amount, Make.amount, { ...Make.amount, amount: 100 })

const reasons = fc.constantFrom<Array<RequestRefund["reason"]>>(
  "late_payment",
  "stock_lost",
  "cancelled_after_payment",
  "operator"
)

const told = fc.record({
  status: statuses,
  id: fc.constantFrom(Make.intentId, Make.intentId, IntentId.make("pi_2")),
  amount: sums,
  failed: fc.boolean(),
  asked: maybeAsked
}).map(({ amount, asked, failed, id, status }) =>
  Make.told(status, {
    id,
    amount,
    ...(failed && status === "requires_payment_method" ? { failure: "declined" } : {}),
    ...(asked === undefined ? {} : { asked })
  })
)

const refundTold = fc.record({
  status: fc.constantFrom<ProviderRefundStatus[]>("pending", "requires_action", "succeeded", "failed", "canceled"),
  asked: maybeAsked
}).map(({ asked, status }) => Make.refundTold(status, asked === undefined ? {} : { asked }))

const command: fc.Arbitrary<PaymentCommand> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(Make.request, Make.cancel, Make.refused, Make.skip) },
  { weight: 3, arbitrary: asked.map((n) => Make.begin(n)) },
  { weight: 2, arbitrary: asked.map((n) => Make.unknown(n)) },
  { weight: 1, arbitrary: asked.map((n) => Make.cancelUnknown(n)) },
  { weight: 5, arbitrary: told },
  { weight: 3, arbitrary: refundTold },
  {
    weight: 3,
    arbitrary: fc.tuple(reasons, sums).map((
      [reason, amount]
    ) => Make.refund(reason, amount, reason === "late_payment" ? Make.refundId : Make.otherRefundId))
  },
  { weight: 2, arbitrary: asked.map((n) => Make.beginRefund(n)) },
  { weight: 1, arbitrary: asked.map((n) => Make.refundUnknown(n)) },
  { weight: 1, arbitrary: fc.constantFrom(Make.alreadyRefunded, Make.refundRefused) }
)

/** Most histories start as they do in life, so that they reach the later states; the others start anywhere. */
const history = fc.tuple(
  fc.constantFrom([], [Make.request], [Make.request, Make.begin()]),
  fc.array(command, { maxLength: 14 })
).map(([start, rest]): ReadonlyArray<PaymentCommand> => [...start, ...rest])

interface Step {
  readonly event: PaymentEvent
  readonly before: State
  readonly after: State
  readonly said: ReadonlyArray<Outgoing>
}

const play = (commands: ReadonlyArray<PaymentCommand>) => {
  let state: State = absent
  const steps: Array<Step> = []
  commands.forEach((one, index) => {
    const at = DateTime.add(Make.now, { minutes: index * 2 })
    for (const event of eventsOf(Make.deciding(state, one, at))) {
      const before = state
      state = evolve(state, event)
      const books = { payments: HashMap.make([Make.orderId, state]), heard: HashSet.empty<never>() }
      steps.push({ event, before, after: state, said: say(event, books) })
    }
  })
  return { state, steps }
}

const holds = (law: (commands: ReadonlyArray<PaymentCommand>) => void) =>
  fc.assert(fc.property(history, law), { numRuns: 500 })

const saidOf = (steps: ReadonlyArray<Step>, type: string) =>
  steps.flatMap(({ said }) => said).filter((message) => message.type === type)

describe("laws of a payment", () => {
  it("every state answers every command, and the same again decides nothing more", () =>
    fc.assert(
      fc.property(history, command, (commands, one) => {
        const { state } = play(commands)
        const events = eventsOf(Make.deciding(state, one))
        const next = events.reduce(evolve, state)
        assert.deepStrictEqual(Make.tagsOf(Make.deciding(next, one)), [])
      }),
      { numRuns: 1000 }
    ))

  it("what happened, what is then true and what is said of it hold what their fields say", () =>
    holds((commands) => {
      for (const { after, event, said } of play(commands).steps) {
        assert.isTrue(Trusted.isWhole(event), event._tag)
        assert.isTrue(Trusted.isWhole(after), after._tag)
        for (const { data, type } of said) {
          assert.isTrue(Either.isRight(Option.getOrThrow(definitionOf(type)).read(data)), type)
        }
      }
    }))

  it("versions go up by one with every event (H43)", () =>
    holds((commands) => {
      const { steps } = play(commands)
      assert.deepStrictEqual(steps.map(({ after }) => versionOf(after)), steps.map((_, index) => index + 1))
    }))

  it("success is said at most once, and failure at most once (H24, H76, H77)", () =>
    holds((commands) => {
      const { steps } = play(commands)
      assert.isAtMost(saidOf(steps, "payment.succeeded.v1").length, 1)
      assert.isAtMost(saidOf(steps, "payment.failed.v1").length, 1)
    }))

  it("what is final stays, but for money that comes late", () =>
    holds((commands) => {
      for (const { after, before } of play(commands).steps) {
        if (before._tag === "Forbidden" || before._tag === "Succeeded" || before._tag === "Mismatched") {
          assert.strictEqual(after._tag, before._tag)
        }
        if (before._tag === "Failed") assert.include(["Failed", "Succeeded", "Mismatched"], after._tag)
        if (before._tag === "Closing") assert.include(["Closing", "Failed", "Succeeded", "Mismatched"], after._tag)
      }
    }))

  it("no more goes back than was taken, of any intent (H65)", () =>
    holds((commands) => {
      const { state } = play(commands)
      if (state._tag !== "Succeeded" && state._tag !== "Mismatched") return
      const taken = state._tag === "Succeeded" ? state.charge.amount : state.taken
      // A provider that says it gave back more than it took is none whose word a law could be held against.
      const told = new Map(
        commands.flatMap((command) =>
          command._tag === "RecordRefund" && command.refund.intentId === state.intentId
            ? [{ id: command.refund.id, amount: command.refund.amount.amount }]
            : []
        ).map(({ amount, id }) => [id, amount])
      )
      if ([...told.values()].reduce((sum, amount) => sum + amount, 0) > taken.amount) return
      assert.isAtMost(returned(state.refunds, state.intentId), taken.amount)
    }))

  it("whatever waits has a next question on its way (H39)", () =>
    holds((commands) => {
      const { state, steps } = play(commands)
      const waits = state._tag === "Opened" || state._tag === "Charging" || state._tag === "ActionRequired"
      const cancels = state._tag === "Cancelling" || state._tag === "Closing"
      if (!waits && !cancels) return
      const due = saidOf(steps, waits ? "payment.charge_due.v1" : "payment.cancel_due.v1")
      assert.isTrue(due.some(({ data }) => JSON.stringify(data).includes(`"try":${state.try}}`)))
    }))

  it("no message holds a client secret (H59, H196)", () =>
    holds((commands) => {
      const text = JSON.stringify(play(commands).steps.flatMap(({ said }) => said))
      assert.notInclude(text, "_secret")
    }))
})

describe("a refund made at the provider", () => {
  it("counts against what may still go back", () => {
    const byHand = Make.refundTold("succeeded", { ours: null, id: ProviderRefundId.make("re_hand") })
    const { state } = play([Make.request, Make.begin(), Make.told("succeeded", { asked: 1 }), byHand])
    assert.deepStrictEqual(Make.tagsOf(Make.deciding(state, Make.refund())), ["RefundCovered"])
  })
})
