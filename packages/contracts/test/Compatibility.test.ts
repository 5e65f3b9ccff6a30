import { assert, describe, it } from "@effect/vitest"
import type { Json } from "@quartet/messaging/Json"
import { define } from "@quartet/messaging/Message"
import { Either, Option, Schema } from "effect"
import { catalog, definitionOf, entry } from "../src/Catalog.ts"
import { CustomerId, OrderId } from "../src/Ids.ts"
import { OrderLine } from "../src/Lines.ts"
import { Money } from "../src/Money.ts"
import { OrderPlaced } from "../src/OrderMessages.ts"
import { breachesOf, frozenDigests, samples } from "./Samples.ts"

const read = (type: string, data: unknown) => Option.getOrThrow(definitionOf(type)).read(data)

const isObject = Schema.is(Schema.Record({ key: Schema.String, value: Schema.Any }))

const dataOf = (type: string): Record<string, unknown> => {
  const data = samples.find((one) => one.type === type)?.envelope.data
  assert.isTrue(isObject(data), `there is a sample of ${type}`)
  return isObject(data) ? data : {}
}

const placed = { orderId: OrderId, customerId: CustomerId, lines: Schema.NonEmptyArray(OrderLine), total: Money }

const changedTo = <A extends { readonly orderId: string } & Json, I extends Json>(
  schema: Schema.Schema<A, I>,
  type: string = OrderPlaced.type
) => entry(define(type, schema, ({ orderId }) => orderId), "inventory")

const { customerId, ...withoutCustomer } = placed

/** What must become `order.placed.v2`, beside the old one. */
const incompatible = [
  { change: "demands a new field", changed: changedTo(Schema.Struct({ ...placed, channel: Schema.String })) },
  { change: "renames a field", changed: changedTo(Schema.Struct({ ...withoutCustomer, customer: customerId })) },
  { change: "drops a field", changed: changedTo(Schema.Struct(withoutCustomer)) },
  { change: "gives a field another type", changed: changedTo(Schema.Struct({ ...placed, total: Schema.Number })) },
  {
    change: "narrows what a field may hold",
    changed: changedTo(Schema.Struct({ ...placed, lines: placed.lines.pipe(Schema.maxItems(1)) }))
  },
  {
    change: "refuses fields that it does not know",
    changed: changedTo(
      Schema.Struct(placed).annotations({ parseOptions: { onExcessProperty: "error" } })
    )
  },
  {
    change: "keeps fields that it does not know",
    changed: changedTo(Schema.Struct(placed, { key: Schema.String, value: Schema.Any }))
  },
  {
    change: "is about something else",
    changed: entry(define(OrderPlaced.type, OrderPlaced.schema, (m) => m.customerId), "inventory")
  },
  { change: "renames the message", changed: changedTo(OrderPlaced.schema, "order.submitted.v1") },
  { change: "has somebody else say it", changed: changedTo(OrderPlaced.schema, "payment.placed.v1") }
]

const compatible = [
  { change: "changes nothing", changed: changedTo(OrderPlaced.schema) },
  {
    change: "adds a field that may be absent",
    changed: changedTo(Schema.Struct({ ...placed, channel: Schema.optional(Schema.String) }))
  },
  { change: "allows more than before", changed: changedTo(Schema.Struct({ ...placed, customerId: Schema.String })) }
]

describe("Compatibility", () => {
  it("has a frozen sample of every message, and of no other (H179)", () => {
    assert.sameMembers(samples.map(({ type }) => type), catalog.map(({ definition }) => definition.type))
  })

  it("keeps every sample exactly as it was frozen (H179)", () => {
    const now = new Map(samples.map(({ digest, type }) => [`${type}.json`, digest]))
    assert.deepStrictEqual(now, frozenDigests)
  })

  it.each(samples)("reads the frozen $type and loses nothing of it, whatever is added (H174, H177, H178)", (sample) => {
    assert.strictEqual(sample.envelope.type, sample.type)
    assert.deepStrictEqual(breachesOf(Option.getOrThrow(definitionOf(sample.type)), sample), [])
  })

  it.each(incompatible)("refuses a change that $change (H179)", ({ changed }) => {
    assert.isNotEmpty(samples.filter(({ type }) => type === "order.placed.v1").flatMap((s) => breachesOf(changed, s)))
  })

  it.each(compatible)("allows a change that $change", ({ changed }) => {
    assert.deepStrictEqual(
      samples.filter(({ type }) => type === "order.placed.v1").map((sample) => breachesOf(changed, sample)),
      [[]]
    )
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
