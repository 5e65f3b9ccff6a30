import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import { assert, describe, it } from "@effect/vitest"
import { Price } from "@quartet/contracts/Charge"
import { Currency } from "@quartet/contracts/Currency"
import { SomeMoney } from "@quartet/contracts/Money"
import { PayOrder, PlaceOrder } from "@quartet/contracts/OrderApi"
import { OrderStatus } from "@quartet/contracts/OrderStatus"
import type { Problem } from "@quartet/contracts/Problem"
import { Effect, Schema } from "effect"
import { fromDecodeError } from "../src/DecodeProblem.ts"

const iso = `must be an ISO 4217 code that the provider charges, such as "EUR"`
const many = Schema.Literal("a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8", "i9", "j10", "k11", "l12")
const statuses = `"Draft", "Reserved", "PaymentPending", "Paid", "Shipped", "Failed" or "Cancelled"`
const at = <A, I>(it: Schema.Schema<A, I>) => Schema.Struct({ it })
const perhaps = <A, I>(it: Schema.Schema<A, I>) => Schema.Struct({ it: Schema.optional(it) })

const told = <A, I>(schema: Schema.Schema<A, I>, value: unknown) =>
  Schema.decodeUnknown(schema, { errors: "all" })(value).pipe(
    Effect.catchAll(HttpApiDecodeError.refailParseError),
    Effect.matchEffect({
      onFailure: (error) => Effect.succeed(fromDecodeError(error, "0190-correlation")),
      onSuccess: () => Effect.dieMessage("It decoded.")
    })
  )

type Asked = Effect.Effect<Problem>

/** What is sent, as what, and each sentence that is answered. */
const cases: ReadonlyArray<readonly [Asked, ReadonlyArray<string>]> = [
  [told(at(Currency), { it: "EURO" }), [`"it" ${iso}; did you mean "EUR"?`]],
  [told(at(Currency), { it: "eur" }), [`"it" ${iso}; did you mean "EUR"?`]],
  [told(at(Currency), { it: " usd" }), [`"it" ${iso}; did you mean "USD"?`]],
  [told(at(Currency), { it: "ISK" }), [
    `"it" must be another currency than ISK, which ISO 4217 and the provider count in different units.`
  ]],
  [told(at(Currency), { it: "bitcoin" }), [`"it" ${iso}.`]],
  [told(at(Currency), { it: "x".repeat(10_000) }), [`"it" ${iso}.`]],
  [told(at(Currency), { it: 978 }), [`"it" ${iso}.`]],
  [told(at(Currency), { it: null }), [`"it" ${iso}.`]],
  [told(at(Currency), {}), [`"it" is required.`]],
  [told(perhaps(Currency), { it: "EURO" }), [`"it" ${iso}; did you mean "EUR"?`]],
  [told(at(OrderStatus), { it: "shipped" }), [`"it" must be ${statuses}; did you mean "Shipped"?`]],
  [told(at(OrderStatus), { it: "Canceled" }), [`"it" must be ${statuses}; did you mean "Cancelled"?`]],
  [told(at(OrderStatus), { it: "elsewhere" }), [`"it" must be ${statuses}.`]],
  [told(perhaps(OrderStatus), { it: 7 }), [`"it" must be ${statuses}.`]],
  [told(at(Schema.Literal("one")), { it: "two" }), [`"it" must be "one".`]],
  [told(at(many), { it: "zzz" }), [`"it" must be one of 12 values, such as "a1", "b2", "c3".`]],
  [told(at(many), { it: "K11" }), [`"it" must be one of 12 values, such as "a1", "b2", "c3"; did you mean "k11"?`]],
  [told(at(SomeMoney), { it: { amount: 0, currency: "EUR" } }), [`"it.amount" must be above 0.`]],
  [
    told(at(Price), { it: { amount: 1e8, currency: "USD" } }),
    [`"it.amount" must be at most 99999999 (999999.99 USD), the most that the provider charges at once.`]
  ],
  [told(PlaceOrder, { lines: [] }), [`"lines[0]" is required.`]],
  [told(PayOrder, { paymentMethodId: "visa" }), [
    `"paymentMethodId" must be a payment method's id at the provider, such as pm_card_visa.`
  ]]
]

const Faults = Schema.Array(Schema.Struct({ detail: Schema.String }))
const sentencesOf = (errors: unknown) => Schema.decodeUnknownSync(Faults)(errors).map(({ detail }) => detail)

const asText = Schema.encodeSync(Schema.parseJson())

describe("what does not decode", () => {
  it.effect.each(cases)(
    "is answered by its rule and the nearest value, %#",
    ([asked, sentences]) =>
      Effect.gen(function*() {
        const { detail, errors } = yield* asked
        assert.deepStrictEqual(sentencesOf(errors), sentences)
        assert.strictEqual(detail, sentences[0])
      })
  )

  it.effect("is never repeated, whatever it was (H195)", () =>
    Effect.gen(function*() {
      for (const sent of ["4242424242424242", "EUR4242424242424242", "shippedd"]) {
        for (
          const asked of [
            told(at(Currency), { it: sent }),
            told(at(OrderStatus), { it: sent }),
            told(at(many), { it: sent })
          ]
        ) {
          assert.notInclude(asText(yield* asked), sent)
        }
      }
    }))
})
