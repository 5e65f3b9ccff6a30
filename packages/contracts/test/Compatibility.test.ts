import { assert, describe, it } from "@effect/vitest"
import { EnvelopeJson } from "@quartet/messaging/Message"
import { Either, Option, Schema } from "effect"
import { catalog, definitionOf } from "../src/Catalog.ts"
import { frozenDigests, samples } from "./Samples.ts"

const read = (type: string, data: unknown) => Option.getOrThrow(definitionOf(type)).read(data)

const isObject = Schema.is(Schema.Record({ key: Schema.String, value: Schema.Unknown }))

/** The same document with a field nobody knows in every object of it. */
const withStrangers = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withStrangers)
  if (!isObject(value)) return value
  const known = Object.entries(value).map(([key, inner]): [string, unknown] => [key, withStrangers(inner)])
  return Object.fromEntries([...known, ["addedLater", { by: ["a newer speaker"] }]])
}

const dataOf = (type: string): Record<string, unknown> => {
  const data = samples.find((one) => one.type === type)?.envelope.data
  assert.isTrue(isObject(data), `there is a sample of ${type}`)
  return isObject(data) ? data : {}
}

describe("Compatibility", () => {
  it("has a frozen sample of every message, and of no other (H179)", () => {
    assert.sameMembers(samples.map(({ type }) => type), catalog.map(({ definition }) => definition.type))
  })

  it("keeps every sample exactly as it was frozen (H179)", () => {
    const now = new Map(samples.map(({ digest, type }) => [`${type}.json`, digest]))
    assert.deepStrictEqual(now, frozenDigests)
  })

  it.each(samples)("reads the frozen $type and loses nothing of it (H177, H178)", ({ envelope, type }) => {
    assert.strictEqual(envelope.type, type)
    const said = Either.getOrThrow(read(type, envelope.data))
    assert.strictEqual(said.subject, envelope.subject)
    assert.strictEqual(`/quartet/${said.speaker}`, envelope.source)
    assert.deepStrictEqual(said.data, envelope.data)
  })

  it.each(samples)("ignores fields of $type that it does not know (H174)", ({ envelope, raw, type }) => {
    const text = Schema.encodeSync(Schema.parseJson(Schema.Unknown))(withStrangers(raw))
    assert.include(text, "addedLater")
    const newer = Schema.decodeSync(EnvelopeJson)(text)
    const said = Either.getOrThrow(read(type, newer.data))
    assert.deepStrictEqual(said.data, envelope.data)
  })

  it.each(samples)("refuses $type when a field it needs is gone", ({ type }) => {
    const data = dataOf(type)
    for (const field of Object.keys(data)) {
      const { [field]: _, ...rest } = data
      assert.isTrue(Either.isLeft(read(type, rest)), `${type} without ${field}`)
    }
  })

  it.each(samples)("refuses $type when a field has another kind of value", ({ type }) => {
    const data = dataOf(type)
    for (const field of Object.keys(data)) {
      assert.isTrue(Either.isLeft(read(type, { ...data, [field]: { nested: null } })), `${type} with another ${field}`)
    }
  })

  it("knows no message of a major version that does not exist (H176)", () => {
    for (const { definition } of catalog) {
      assert.isTrue(Option.isNone(definitionOf(definition.type.replace(/\.v1$/, ".v999"))))
    }
  })

  it.each([
    "order.cancelled.v1",
    "order.failed.v1",
    "order.refund_requested.v1",
    "payment.failed.v1",
    "payment.refunded.v1",
    "inventory.rejected.v1"
  ])("reads a reason of %s that it has never heard of as unknown (H177)", (type) => {
    const data = dataOf(type)
    const said = Either.getOrThrow(read(type, { ...data, reason: "eaten_by_the_dog" }))
    assert.deepStrictEqual(said.data, { ...data, reason: "unknown" })
  })

  it("reads an action without an address, as those that no browser can take have none (H177)", () => {
    const data = { ...dataOf("payment.action_required.v1"), nextAction: { type: "verify_with_microdeposits" } }
    assert.deepStrictEqual(Either.getOrThrow(read("payment.action_required.v1", data)).data, data)
  })

  it("lets no client secret through in an event (H59)", () => {
    const data = dataOf("payment.action_required.v1")
    const leaking = {
      ...data,
      clientSecret: "pi_1_secret_2",
      nextAction: { type: "use_sdk", clientSecret: "pi_1_secret_2" }
    }
    const said = Either.getOrThrow(read("payment.action_required.v1", leaking))
    assert.deepStrictEqual(said.data, { ...data, nextAction: { type: "use_sdk" } })
  })

  it("takes no card number for a payment method", () => {
    const data = dataOf("order.payment_requested.v1")
    for (const paymentMethodId of ["4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", ""]) {
      assert.isTrue(Either.isLeft(read("order.payment_requested.v1", { ...data, paymentMethodId })))
    }
  })

  it("refuses an amount that a JSON number cannot carry exactly (H180)", () => {
    const type = "payment.succeeded.v1"
    const paid = (amount: string) =>
      read(type, {
        ...dataOf(type),
        amount: { amount: Schema.decodeSync(Schema.parseJson(Schema.Number))(amount), currency: "EUR" }
      })
    assert.isTrue(Either.isRight(paid("9007199254740991")))
    assert.isTrue(Either.isLeft(paid("9007199254740993")))
    assert.isTrue(Either.isLeft(paid("12.5")))
    assert.isTrue(Either.isLeft(paid("-1")))
  })
})
