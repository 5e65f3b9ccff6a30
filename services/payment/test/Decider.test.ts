import { assert, describe, it } from "@effect/vitest"
import type { Money } from "@quartet/contracts/Money"
import { eventsOf } from "@quartet/messaging/Decision"
import { DateTime, Duration, Option } from "effect"
import type { PaymentCommand } from "../src/domain/Command.ts"
import { decide } from "../src/domain/Decider.ts"
import * as Event from "../src/domain/Event.ts"
import type { IntentStatus } from "../src/domain/Intent.ts"
import { IntentId, ProviderRefundId } from "../src/domain/Intent.ts"
import { askAgain, callsPerQuestion, defaultPolicy } from "../src/domain/Policy.ts"
import type { RefundCause } from "../src/domain/Refund.ts"
import { keyOf } from "../src/domain/Refund.ts"
import type { State } from "../src/domain/State.ts"
import { absent, evolve } from "../src/domain/State.ts"
import * as Make from "./Builders.ts"

const { amount, intentId, later, now, orderId, refundId } = Make

/** Given a history, when a command comes, then these events happen. */
const given = (...history: ReadonlyArray<PaymentCommand>) => ({
  when: (command: PaymentCommand, at = now) => {
    const decision = Make.deciding(Make.after(...history), command, at)
    return {
      follows: (...events: ReadonlyArray<Event.PaymentEvent>) => assert.deepStrictEqual(eventsOf(decision), events),
      nothing: () => assert.strictEqual(decision._tag, "Ignored"),
      is: (tag: string) => assert.strictEqual(decision._tag, tag)
    }
  }
})

const usd: Money = { ...amount, currency: "USD" }
const stillOpen: ReadonlyArray<IntentStatus> = ["processing", "requires_capture", "requires_confirmation"]
const charging = [Make.request, Make.begin()]
const succeeded = [...charging, Make.told("succeeded", { asked: 1 })]
const failed = (reason: typeof Event.PaymentFailed.Type["reason"], open: Option.Option<IntentId> = Option.none()) =>
  Event.PaymentFailed.make({ orderId, reason, open })

describe("asking for a payment", () => {
  it("writes down the exact charge and its key before anything is asked", () => {
    const state = Make.after(Make.request)
    assert.strictEqual(state._tag, "Opened")
    assert.strictEqual(state._tag === "Opened" && state.charge.idempotencyKey, `charge:${orderId}:1`)
  })
  it("opens one payment though it is asked for twice (H45)", () => given(Make.request).when(Make.request).nothing())
  it("opens none for an order that was cancelled first", () => given(Make.cancel).when(Make.request).nothing())
  it("begins once, and a redelivery finds it begun (H46)", () => {
    given(Make.request).when(Make.begin()).follows(Event.ChargeBegun.make({ orderId, at: now }))
    given(...charging).when(Make.begin()).nothing()
  })
})

describe("the provider's word on the charge", () => {
  it("is success when the sum is exactly what was asked for", () =>
    given(...charging).when(Make.told("succeeded", { asked: 1 })).follows(
      Event.PaymentSucceeded.make({ orderId, intentId })
    ))
  it("is failure when the issuer declines, and the open intent is closed (H54)", () =>
    given(...charging).when(
      Make.told("requires_payment_method", { asked: 1, failure: "insufficient_funds" })
    ).follows(failed("insufficient_funds", Option.some(intentId))))
  it("is failure when the call itself is refused for its payment method", () =>
    given(...charging).when(Make.refused).follows(failed("invalid_payment_method")))
  it("is never success with another sum or currency, and that money goes back (H61)", () => {
    for (const taken of [{ ...amount, amount: 7681 }, usd]) {
      given(...charging).when(Make.told("succeeded", { asked: 1, amount: taken })).follows(
        Event.AmountMismatched.make({ orderId, intentId, taken, told: false }),
        Event.RefundRequested.make({ orderId, refundId, cause: "amount_mismatch", amount: taken, intentId })
      )
    }
  })
  it("is unknown without an outcome, and is asked again later under the same key (H48, H50, H51, H52)", () =>
    given(...charging).when(Make.unknown()).follows(
      Event.OutcomeUnknown.make({ orderId, why: "no answer", next: { try: 2, due: later(1) } })
    ))
  it("is asked for slowly when only we can repair the cause, and the order never fails of it (H53, H55)", () =>
    given(...charging).when(Make.unknown(1, true)).follows(
      Event.OutcomeUnknown.make({ orderId, why: "no answer", next: { try: 2, due: later(300) } })
    ))
  it("starts one further question only, however often the same answer comes", () => {
    given(...charging, Make.unknown()).when(Make.unknown()).nothing()
    given(...charging, Make.unknown()).when(Make.begin(1)).nothing()
  })
  it("shows the customer the next action (H59)", () =>
    given(...charging).when(Make.told("requires_action")).follows(
      Event.ActionAsked.make({
        orderId,
        intentId,
        nextAction: { type: "use_stripe_sdk" },
        at: now,
        next: Option.none()
      })
    ))
  it("is not success while the provider works on it (H60)", () => {
    for (const status of stillOpen) {
      given(...charging).when(Make.told(status, { asked: 1 })).follows(
        Event.IntentSeen.make({ orderId, intentId, next: Option.some({ try: 2, due: later(1) }) })
      )
    }
  })
  it("is failure when the intent was cancelled outside (H63)", () =>
    given(...charging).when(Make.told("canceled")).follows(failed("expired")))
  it("cancels what the customer left unattended (H59)", () => {
    const waited = DateTime.addDuration(now, Duration.sum(defaultPolicy.actionDeadline, Duration.seconds(1)))
    given(...charging, Make.told("requires_action", { asked: 1 })).when(
      Make.told("requires_action", { asked: 2 }),
      waited
    ).follows(Event.CancelStarted.make({ orderId, intentId, reason: "expired" }))
  })
})

describe("late, early and repeated words", () => {
  it("let success win over an earlier failure, once (H24, H77)", () => {
    const history = [...charging, Make.told("requires_payment_method", { failure: "declined" })]
    given(...history).when(Make.told("succeeded")).follows(Event.PaymentSucceeded.make({ orderId, intentId }))
    given(...history, Make.told("succeeded")).when(Make.told("succeeded")).nothing()
  })
  it("never take success back (H23, H24, H77)", () => {
    given(...succeeded).when(Make.told("requires_payment_method", { failure: "declined" })).nothing()
    given(...succeeded).when(Make.told("canceled")).nothing()
    given(...succeeded).when(Make.told("processing")).nothing()
    given(...succeeded).when(Make.unknown()).nothing()
  })
  it("return the money of a second intent, once (H62)", () => {
    const second = Make.told("succeeded", { id: IntentId.make("pi_2") })
    given(...succeeded).when(second).follows(
      Event.RefundRequested.make({
        orderId,
        refundId,
        cause: "extra_charge",
        amount,
        intentId: IntentId.make("pi_2")
      })
    )
    given(...succeeded, second).when(second).nothing()
  })
  it("of another intent, which took no money, change nothing", () => {
    const other = IntentId.make("pi_2")
    const seen = [...charging, Make.told("processing", { asked: 1 })]
    given(...seen).when(Make.told("canceled", { id: other })).nothing()
    given(...seen).when(Make.told("requires_payment_method", { id: other, failure: "declined" })).nothing()
  })
  it("change nothing for an order without a payment (H79)", () => {
    assert.strictEqual(Make.deciding(absent, Make.told("succeeded"))._tag, "Ignored")
    given(Make.cancel).when(Make.told("succeeded")).nothing()
  })
})

describe("cancelling", () => {
  it("ends a payment that was not begun without any call", () => {
    given(Make.request).when(Make.cancel).follows(failed("order_cancelled"))
    given(Make.request, Make.cancel).when(Make.begin()).nothing()
  })
  it("waits for the outcome while it is unknown (H28)", () =>
    given(...charging, Make.unknown()).when(Make.cancel).follows(Event.CancellationWanted.make({ orderId })))
  it("still says success when the money came first (H25, H28)", () =>
    given(...charging, Make.cancel).when(Make.told("succeeded", { asked: 1 })).follows(
      Event.PaymentSucceeded.make({ orderId, intentId })
    ))
  it("cancels the intent that turns out to be open (H28)", () =>
    given(...charging, Make.cancel).when(Make.told("requires_action", { asked: 1 })).follows(
      Event.CancelStarted.make({ orderId, intentId, reason: "order_cancelled" })
    ))
  it("cancels an intent that waits for the customer, and fails when the provider did", () => {
    const history = [...charging, Make.told("requires_action"), Make.cancel]
    given(...history).when(Make.told("canceled")).follows(failed("order_cancelled"))
    given(...history).when(Make.cancelUnknown()).follows(
      Event.CancelUnknown.make({ orderId, why: "no answer", next: { try: 2, due: later(1) } })
    )
  })
  it("takes the refund path when the intent has just succeeded (H64)", () =>
    given(...charging, Make.told("requires_action"), Make.cancel).when(Make.told("succeeded")).follows(
      Event.PaymentSucceeded.make({ orderId, intentId })
    ))
  it("closes a failed payment's intent without saying anything again", () =>
    given(...charging, Make.told("requires_payment_method", { failure: "declined" })).when(Make.told("canceled"))
      .follows(Event.IntentClosed.make({ orderId })))
})

describe("giving back", () => {
  const requested = [...succeeded, Make.refund()]
  const done = (id = Make.providerId) => Event.RefundSucceeded.make({ orderId, refundId, providerId: Option.some(id) })

  it("returns late money once for each cause (H26, H27, H65)", () => {
    given(...succeeded).when(Make.refund()).follows(
      Event.RefundRequested.make({ orderId, refundId, cause: "late_payment", amount, intentId })
    )
    given(...requested).when(Make.refund("late_payment", amount, Make.otherRefundId)).nothing()
  })
  it("never returns more than was taken, by whatever causes (H65)", () => {
    given(...requested).when(Make.refund("stock_lost", amount, Make.otherRefundId)).follows(
      Event.RefundCovered.make({ orderId, refundId: Make.otherRefundId, cause: "stock_lost", amount, intentId })
    )
    given(...succeeded, Make.refund("late_payment", { ...amount, amount: 7000 })).when(
      Make.refund("stock_lost", amount, Make.otherRefundId)
    ).follows(
      Event.RefundRequested.make({
        orderId,
        refundId: Make.otherRefundId,
        cause: "stock_lost",
        amount: { ...amount, amount: 680 },
        intentId
      })
    )
  })
  it("gives an operator's parts one after the other, each under its own number (H65)", () => {
    const part = (cents: number, id = refundId) => Make.refund("operator", { ...amount, amount: cents }, id)
    const first = [...succeeded, part(7000)]
    given(...first).when(part(7000)).nothing()
    given(...first).when(part(680, Make.otherRefundId)).follows(
      Event.RefundRequested.make({
        orderId,
        refundId: Make.otherRefundId,
        cause: "operator",
        amount: { ...amount, amount: 680 },
        intentId
      })
    )
  })
  it("denies an operator's part of which not all is left, and says so (H65, H209)", () => {
    const part = Make.refund("operator", { ...amount, amount: 700 })
    const byHand = Make.refundTold("succeeded", {
      ours: null,
      id: ProviderRefundId.make("re_hand"),
      amount: { ...amount, amount: 7000 }
    })
    const denied = Event.RefundDenied.make({
      orderId,
      refundId,
      cause: "operator",
      amount: { ...amount, amount: 700 },
      intentId,
      reason: "more_than_is_left"
    })
    given(...succeeded, byHand).when(part).follows(denied)
    given(...succeeded, byHand, part).when(part).nothing()
  })
  it("asks the provider for each part under a key of its own, and for all of it under one for each cause (H65)", () => {
    const key = (cause: RefundCause, id: typeof refundId) => keyOf(orderId, { cause, refundId: id }, intentId)
    assert.notStrictEqual(key("operator", refundId), key("operator", Make.otherRefundId))
    assert.strictEqual(key("stock_lost", refundId), key("stock_lost", Make.otherRefundId))
    assert.notStrictEqual(key("stock_lost", refundId), key("late_payment", refundId))
  })
  it("refuses another currency", () =>
    given(...succeeded).when(Make.refund("late_payment", { amount: 1, currency: "USD" })).is("Refused"))
  it("remembers a refund of money that is still to come", () =>
    given(...charging, Make.refund()).when(Make.told("succeeded", { asked: 1 })).follows(
      Event.PaymentSucceeded.make({ orderId, intentId }),
      Event.RefundRequested.make({ orderId, refundId, cause: "late_payment", amount, intentId })
    ))
  it("returns nothing for a payment that failed", () => {
    given(Make.request, Make.cancel).when(Make.refund()).follows(
      Event.RefundUnfounded.make({ orderId, refundId, cause: "late_payment", amount: Make.amount })
    )
    given(Make.request, Make.cancel, Make.refund()).when(Make.refund()).nothing()
    assert.strictEqual(Make.deciding(absent, Make.refund())._tag, "TooEarly")
  })
  it("follows the provider: pending, succeeded, and failed days later (H66)", () => {
    given(...requested).when(Make.refundTold("pending", { asked: 1 })).follows(
      Event.RefundPending.make({
        orderId,
        refundId,
        providerId: Make.providerId,
        next: Option.some({ try: 2, due: later(1) })
      })
    )
    given(...requested, Make.refundTold("pending")).when(Make.refundTold("succeeded")).follows(done())
    given(...requested, Make.refundTold("succeeded")).when(Make.refundTold("failed")).follows(
      Event.RefundFailed.make({
        orderId,
        refundId,
        providerId: Option.some(Make.providerId),
        reason: "expired_or_canceled_card"
      })
    )
    given(...requested, Make.refundTold("failed")).when(Make.refundTold("succeeded")).nothing()
  })
  it("asks again while the outcome is unknown (H65)", () =>
    given(...requested).when(Make.refundUnknown()).follows(
      Event.RefundUnknown.make({ orderId, refundId, why: "no answer", next: { try: 2, due: later(1) } })
    ))
  it("records a charge that had gone back before as done (H67)", () =>
    given(...requested).when(Make.alreadyRefunded).follows(
      Event.RefundSucceeded.make({ orderId, refundId, providerId: Option.none() })
    ))
  it("notes a refund that somebody made at the provider, once (H209)", () => {
    const byHand = Make.refundTold("succeeded", { ours: null, id: ProviderRefundId.make("re_hand") })
    given(...succeeded).when(byHand).follows(
      Event.RefundMirrored.make({
        orderId,
        refundId: Make.mirroredRefundId,
        providerId: ProviderRefundId.make("re_hand"),
        intentId,
        amount,
        status: "Succeeded"
      })
    )
    given(...succeeded, byHand).when(byHand).nothing()
  })
})

describe("patience", () => {
  it("doubles from one second to a minute, and after an hour of it to an hour", () => {
    const pauses = [1, 2, 3, 6, 7, 60, 61, 65, 66, 500].map((asked) =>
      DateTime.distance(now, askAgain(defaultPolicy, asked, now).due) / 1000
    )
    assert.deepStrictEqual(pauses, [1, 2, 4, 32, 60, 60, 120, 1920, 3600, 3600])
  })
  it("ends when as much was asked as may be: the payment waits for a person and has not failed (H71)", () => {
    const policy = { ...defaultPolicy, callsPerAttempt: 3 * callsPerQuestion }
    const play = (...commands: ReadonlyArray<PaymentCommand>) =>
      commands.reduce(
        (seen, command) => {
          const events = eventsOf(decide(policy)(seen.state, command, now))
          return { state: events.reduce(evolve, seen.state), tags: events.map(({ _tag }) => _tag) }
        },
        { state: absent, tags: [""] }
      )
    const questions = [Make.unknown(1), Make.unknown(2), Make.unknown(3)]
    const parked = play(...charging, ...questions)
    assert.deepStrictEqual(parked.tags, ["AttemptParked"])
    assert.strictEqual(parked.state._tag === "Charging" && parked.state.parked, true)
    assert.deepStrictEqual(play(...charging, ...questions, Make.unknown(3)).tags, [])
    assert.deepStrictEqual(play(...charging, ...questions, Make.told("succeeded")).tags, ["PaymentSucceeded"])
    const open = [Make.told("processing", { asked: 1 }), Make.told("processing", { asked: 2 })]
    assert.deepStrictEqual(play(...charging, ...open, Make.told("processing", { asked: 3 })).tags, ["AttemptParked"])
    // Its cancellation has a budget of its own.
    assert.deepStrictEqual(play(...charging, ...open, Make.cancel).tags, ["CancelStarted"])
    const cancels = [Make.cancelUnknown(1), Make.cancelUnknown(2), Make.cancelUnknown(3)]
    assert.deepStrictEqual(play(...charging, ...open, Make.cancel, ...cancels).tags, ["AttemptParked"])
  })
  it("keeps its last question for the moment when an unattended intent is to be cancelled (H59, H71)", () => {
    const policy = { ...defaultPolicy, callsPerAttempt: 3 * callsPerQuestion }
    const asked = [Make.told("requires_action", { asked: 1 }), Make.told("requires_action", { asked: 2 })]
    const [state, last] = [...charging, ...asked].reduce<[State, ReadonlyArray<Event.PaymentEvent>]>(
      ([before], command) => {
        const events = eventsOf(decide(policy)(before, command, now))
        return [events.reduce(evolve, before), events]
      },
      [absent, []]
    )
    assert.strictEqual(state._tag, "ActionRequired")
    assert.deepStrictEqual(last, [
      Event.IntentSeen.make({ orderId, intentId, next: Option.some({ try: 3, due: later(15 * 60) }) })
    ])
  })
  it("counts every question", () => {
    const state = [1, 2, 3].map((asked) => Make.unknown(asked)).reduce(
      (before, command) => eventsOf(Make.deciding(before, command)).reduce(evolve, before),
      Make.after(...charging)
    )
    assert.strictEqual(state._tag === "Charging" && state.try, 4)
  })
})
