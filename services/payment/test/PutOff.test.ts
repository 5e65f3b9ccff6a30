import { assert, describe, it } from "@effect/vitest"
import type { PaymentChargeDue } from "@quartet/contracts/PaymentMessages"
import { eventsOf } from "@quartet/messaging/Decision"
import { DateTime, HashMap, HashSet, Option } from "effect"
import type { Books } from "../src/domain/Books.ts"
import { decide } from "../src/domain/Books.ts"
import { defaultPolicy } from "../src/domain/Policy.ts"
import type { Errand } from "../src/domain/PutOff.ts"
import { PutOff } from "../src/domain/PutOff.ts"
import type { State } from "../src/domain/State.ts"
import { say } from "../src/Outbound.ts"
import * as Make from "./Builders.ts"

const { intentId, later, now, orderId, paymentId, refundId } = Make

const booksOf = (state: State): Books => ({ payments: HashMap.make([orderId, state]), heard: HashSet.empty() })

const chargeDue = (more: Partial<PaymentChargeDue> = {}): Errand => ({
  _tag: "Charge",
  due: { orderId, paymentId, attempt: 1, try: 1, ...more }
})
const cancelDue: Errand = { _tag: "Cancel", due: { orderId, paymentId, try: 1 } }
const refundDue: Errand = { _tag: "Refund", due: { orderId, refundId, try: 1 } }

/** What is said when the errand is put off in this state. */
const puttingOff = (
  state: State,
  errand: Errand,
  spread = 1,
  notBefore: Option.Option<DateTime.Utc> = Option.none()
) => {
  const books = booksOf(state)
  const events = eventsOf(decide(defaultPolicy)(books, PutOff.make({ orderId, errand, notBefore, spread }), now))
  return events.flatMap((event) => say(event, books)).map(({ data, due, type }) => ({ type, data, due }))
}

const secondsUntil = (said: ReturnType<typeof puttingOff>) =>
  said.map(({ due }) => due === undefined ? 0 : DateTime.distance(now, due) / 1000)

const opened = Make.after(Make.request)
const cancelling = Make.after(Make.request, Make.begin(), Make.told("requires_action", { asked: 1 }), Make.cancel)
const refunding = Make.after(Make.request, Make.begin(), Make.told("succeeded", { asked: 1 }), Make.refund())

describe("a question that is put off", () => {
  it("is the same question later, with the number it had, since nobody asked it (H69, H71)", () => {
    assert.deepStrictEqual(puttingOff(opened, chargeDue()), [{
      type: "payment.charge_due.v1",
      data: { orderId, paymentId, attempt: 1, try: 1, putOff: 1 },
      due: later(1)
    }])
    assert.deepStrictEqual(puttingOff(cancelling, cancelDue).map(({ type }) => type), ["payment.cancel_due.v1"])
    assert.deepStrictEqual(puttingOff(refunding, refundDue).map(({ type }) => type), ["payment.refund_due.v1"])
  })

  it("waits longer each time, at a time of its own, and never longer than four of the longest pauses", () => {
    const pauses = [1, 2, 7, 8, 50].map((putOff) => secondsUntil(puttingOff(opened, chargeDue({ putOff })))[0])
    assert.deepStrictEqual(pauses, [2, 4, 128, 240, 240])
    assert.deepStrictEqual(secondsUntil(puttingOff(opened, chargeDue(), 0)), [0.5])
  })

  it("does not come back while the provider is left alone, nor with all the others at the first moment after", () => {
    assert.deepStrictEqual(secondsUntil(puttingOff(opened, chargeDue(), 0.5, Option.some(later(30)))), [30.5])
  })

  it("is forgotten when it is no longer due", () => {
    const failed = Make.after(Make.request, Make.cancel)
    assert.deepStrictEqual(puttingOff(failed, chargeDue()), [])
    assert.deepStrictEqual(puttingOff(opened, chargeDue({ try: 2 })), [])
    assert.deepStrictEqual(puttingOff(opened, cancelDue), [])
    assert.deepStrictEqual(puttingOff(opened, refundDue), [])
    assert.deepStrictEqual(puttingOff(Make.after(), chargeDue()), [])
  })

  it("has left an order that is cancelled meanwhile without any call: it fails at once", () => {
    const events = Make.deciding(opened, Make.cancel)
    assert.deepStrictEqual(Make.tagsOf(events), ["PaymentFailed"])
    assert.notInclude(JSON.stringify(events), intentId)
  })
})
