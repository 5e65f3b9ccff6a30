import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import type * as Command from "../src/domain/Command.ts"
import { RecordRefundRefused } from "../src/domain/Command.ts"
import { compareIntent, compareRefund } from "../src/domain/Comparison.ts"
import { IntentId } from "../src/domain/Intent.ts"
import { defaultPolicy } from "../src/domain/Policy.ts"
import * as B from "./Builders.ts"

const other = IntentId.make("pi_2")
const paid = [B.request, B.begin(), B.told("succeeded")]

/** How the provider's record differs from what these commands made of a payment. */
const differs = (history: ReadonlyArray<Command.PaymentCommand>, said: Command.RecordIntent, returned = 0) =>
  Option.getOrUndefined(compareIntent(defaultPolicy, B.after(...history), said, returned, B.now))

describe("the provider's record of an intent", () => {
  it("is no news when it says what is known", () => {
    assert.isUndefined(differs(paid, B.told("succeeded")))
    assert.isUndefined(differs([B.request, B.begin(), B.told("processing")], B.told("processing")))
  })

  it("is no news when it only says that there is an intent: its outcome is being asked for", () => {
    assert.isUndefined(differs([B.request, B.begin()], B.told("processing")))
  })

  it("is news when it settles what is not settled here (H39)", () => {
    const found = differs([B.request, B.begin()], B.told("succeeded"))
    assert.strictEqual(found?._tag === "News" ? found.event._tag : found?._tag, "PaymentSucceeded")
  })

  it("is a stray when it took money and no payment is known, until all went back (H208)", () => {
    const said = B.told("succeeded")
    assert.deepStrictEqual(differs([], said), { _tag: "Stray" })
    assert.isUndefined(differs([], said, B.amount.amount))
    assert.isUndefined(differs([], B.told("processing")))
  })

  it("is unwanted when the order was cancelled before it asked for a payment, until all went back", () => {
    const said = B.told("succeeded")
    assert.deepStrictEqual(differs([B.cancel], said, 100), { _tag: "Unwanted" })
    assert.isUndefined(differs([B.cancel], said, B.amount.amount))
    assert.isUndefined(differs([B.cancel], B.told("canceled")))
  })

  it("contradicts us when it is not paid there", () => {
    assert.deepStrictEqual(differs(paid, B.told("canceled")), { _tag: "NotPaid" })
  })

  it("contradicts us when another sum went back there (H209)", () => {
    assert.deepStrictEqual(differs(paid, B.told("succeeded"), 700), { _tag: "ReturnedOtherwise", ours: 0, theirs: 700 })
  })

  it("is nothing of its own while a refund is under way", () => {
    assert.isUndefined(differs([...paid, B.refund()], B.told("succeeded"), 700))
  })

  it("is a second charge, and one that is kept when its refund came to nothing (H62)", () => {
    const second = B.told("succeeded", { id: other, refundId: B.otherRefundId })
    const found = differs(paid, second)
    assert.strictEqual(found?._tag === "News" ? found.event._tag : found?._tag, "RefundRequested")
    const failed = RecordRefundRefused.make({
      orderId: B.orderId,
      refundId: B.otherRefundId,
      reason: "charge_disputed"
    })
    assert.isUndefined(differs([...paid, second], second))
    assert.deepStrictEqual(differs([...paid, second, failed], second), { _tag: "Kept", left: B.amount.amount })
    assert.isUndefined(differs([...paid, second, failed], second, B.amount.amount))
  })
})

describe("the provider's record of a refund", () => {
  it("is news once when somebody made it over there (H209)", () => {
    const said = B.refundTold("succeeded", { ours: null })
    const first = compareRefund(defaultPolicy, B.after(...paid), said, B.now)
    assert.strictEqual(Option.getOrUndefined(first)?._tag, "News")
    assert.isTrue(Option.isNone(compareRefund(defaultPolicy, B.after(...paid, said), said, B.now)))
  })
})
