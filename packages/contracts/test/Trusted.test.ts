import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Quantity } from "../src/Quantity.ts"
import * as Trusted from "../src/Trusted.ts"

class Picked extends Trusted.TaggedClass<Picked>()("Picked", {
  quantity: Quantity,
  note: Schema.optional(Schema.NonEmptyString)
}) {}

const one = Quantity.make(1)
const many = Quantity.make(1001, true)

describe("what we make ourselves", () => {
  it("is of its class, with its tag and the fields that were given", () => {
    const picked = Picked.make({ quantity: one })
    assert.instanceOf(picked, Picked)
    assert.deepStrictEqual({ ...picked }, { _tag: "Picked", quantity: one })
  })

  it("takes its own fields and nothing else of what it is given", () => {
    const given = { quantity: one, note: "quick", _tag: "Packed", shelf: 7 }
    assert.deepStrictEqual({ ...Picked.make(given) }, { _tag: "Picked", quantity: one, note: "quick" })
  })

  it("is not looked at when it is made, and a law can look at it", () => {
    const wrong = Picked.make({ quantity: many })
    assert.isFalse(Trusted.isWhole(wrong))
    assert.isTrue(Trusted.isWhole(Picked.make({ quantity: one })))
    assert.isFalse(Trusted.isWhole({ _tag: "Picked", quantity: one }))
  })

  it("is looked at where it enters", () => {
    const decode = Schema.decodeUnknownEither(Picked)
    assert.strictEqual(decode({ _tag: "Picked", quantity: 1001 })._tag, "Left")
    assert.strictEqual(decode({ _tag: "Picked", quantity: 1 })._tag, "Right")
  })
})
