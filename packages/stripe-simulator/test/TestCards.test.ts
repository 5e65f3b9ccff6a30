import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type Stripe from "stripe"
import { payment, refusal, start } from "./support/Running.ts"

/** Payment method, number and country, as Stripe's page "Testing" lists them; nothing is taken from the simulator. */
const byCountry: ReadonlyArray<readonly [string, string, string]> = [
  ["pm_card_us", "4242424242424242", "US"],
  ["pm_card_ar", "4000000320000021", "AR"],
  ["pm_card_br", "4000000760000002", "BR"],
  ["pm_card_ca", "4000001240000000", "CA"],
  ["pm_card_cl", "4000001520000001", "CL"],
  ["pm_card_co", "4000001700000003", "CO"],
  ["pm_card_cr", "4000001880000005", "CR"],
  ["pm_card_ec", "4000002180000000", "EC"],
  ["pm_card_mx", "4000004840008001", "MX"],
  ["pm_card_pa", "4000005910000000", "PA"],
  ["pm_card_py", "4000006000000066", "PY"],
  ["pm_card_pe", "4000006040000068", "PE"],
  ["pm_card_uy", "4000008580000003", "UY"],
  ["pm_card_ae", "4000007840000001", "AE"],
  ["pm_card_at", "4000000400000008", "AT"],
  ["pm_card_be", "4000000560000004", "BE"],
  ["pm_card_bg", "4000001000000000", "BG"],
  ["pm_card_by", "4000001120000005", "BY"],
  ["pm_card_hr", "4000001910000009", "HR"],
  ["pm_card_cy", "4000001960000008", "CY"],
  ["pm_card_cz", "4000002030000002", "CZ"],
  ["pm_card_dk", "4000002080000001", "DK"],
  ["pm_card_ee", "4000002330000009", "EE"],
  ["pm_card_fi", "4000002460000001", "FI"],
  ["pm_card_fr", "4000002500000003", "FR"],
  ["pm_card_de", "4000002760000016", "DE"],
  ["pm_card_gi", "4000002920000005", "GI"],
  ["pm_card_gr", "4000003000000030", "GR"],
  ["pm_card_hu", "4000003480000005", "HU"],
  ["pm_card_ie", "4000003720000005", "IE"],
  ["pm_card_it", "4000003800000008", "IT"],
  ["pm_card_lv", "4000004280000005", "LV"],
  ["pm_card_li", "4000004380000004", "LI"],
  ["pm_card_lt", "4000004400000000", "LT"],
  ["pm_card_lu", "4000004420000006", "LU"],
  ["pm_card_mt", "4000004700000007", "MT"],
  ["pm_card_nl", "4000005280000002", "NL"],
  ["pm_card_no", "4000005780000007", "NO"],
  ["pm_card_pl", "4000006160000005", "PL"],
  ["pm_card_pt", "4000006200000007", "PT"],
  ["pm_card_ro", "4000006420000001", "RO"],
  ["pm_card_si", "4000007050000006", "SI"],
  ["pm_card_sk", "4000007030000001", "SK"],
  ["pm_card_es", "4000007240000007", "ES"],
  ["pm_card_se", "4000007520000008", "SE"],
  ["pm_card_ch", "4000007560000009", "CH"],
  ["pm_card_gb", "4000008260000000", "GB"],
  ["pm_card_au", "4000000360000006", "AU"],
  ["pm_card_cn", "4000001560000002", "CN"],
  ["pm_card_hk", "4000003440000004", "HK"],
  ["pm_card_in", "4000003560000008", "IN"],
  ["pm_card_jp", "4000003920000003", "JP"],
  ["pm_card_my", "4000004580000002", "MY"],
  ["pm_card_nz", "4000005540000008", "NZ"],
  ["pm_card_sg", "4000007020000003", "SG"],
  ["pm_card_tw", "4000001580000008", "TW"]
]

/** Payment method, number, brand and funding of those that a charge succeeds with. */
const byBrand: ReadonlyArray<readonly [string, string, string, string, string]> = [
  ["pm_card_visa", "4242424242424242", "visa", "credit", "US"],
  ["pm_card_visa_debit", "4000056655665556", "visa", "debit", "US"],
  ["pm_card_mastercard", "5555555555554444", "mastercard", "credit", "US"],
  ["pm_card_mastercard_debit", "5200828282828210", "mastercard", "debit", "US"],
  ["pm_card_mastercard_prepaid", "5105105105105100", "mastercard", "prepaid", "US"],
  ["pm_card_amex", "378282246310005", "amex", "credit", "US"],
  ["pm_card_discover", "6011111111111117", "discover", "credit", "US"],
  ["pm_card_diners", "3056930009020004", "diners", "credit", "US"],
  ["pm_card_jcb", "3566002020360505", "jcb", "credit", "JP"],
  ["pm_card_unionpay", "6200000000000005", "unionpay", "credit", "CN"],
  ["pm_card_pendingRefund", "4000000000007726", "visa", "credit", "US"],
  ["pm_card_refundFail", "4000000000005126", "visa", "credit", "US"],
  ["pm_card_createDispute", "4000000000000259", "visa", "credit", "US"],
  ["pm_card_bypassPending", "4000000000000077", "visa", "credit", "US"],
  ["pm_card_gb_debit", "4000058260000005", "visa", "debit", "GB"],
  ["pm_card_th_credit", "4000007640000003", "visa", "credit", "TH"],
  ["pm_card_th_debit", "4000057640000008", "visa", "debit", "TH"]
]

/** Payment method, number, code and decline code of those that are declined. */
const declines: ReadonlyArray<readonly [string, string, string, string]> = [
  ["pm_card_visa_chargeDeclined", "4000000000000002", "card_declined", "generic_decline"],
  ["pm_card_chargeDeclined", "4000000000000002", "card_declined", "generic_decline"],
  ["pm_card_visa_chargeDeclinedInsufficientFunds", "4000000000009995", "card_declined", "insufficient_funds"],
  ["pm_card_visa_chargeDeclinedLostCard", "4000000000009987", "card_declined", "lost_card"],
  ["pm_card_visa_chargeDeclinedStolenCard", "4000000000009979", "card_declined", "stolen_card"],
  ["pm_card_visa_chargeDeclinedVelocityLimitExceeded", "4000000000006975", "card_declined", "card_velocity_exceeded"],
  ["pm_card_chargeDeclinedFraudulent", "4100000000000019", "card_declined", "fraudulent"],
  ["pm_card_chargeDeclinedExpiredCard", "4000000000000069", "expired_card", "expired_card"],
  ["pm_card_chargeDeclinedIncorrectCvc", "4000000000000127", "incorrect_cvc", "incorrect_cvc"],
  ["pm_card_chargeDeclinedProcessingError", "4000000000000119", "processing_error", "processing_error"]
]

const challenges: ReadonlyArray<readonly [string, string, string]> = [
  ["pm_card_authenticationRequired", "4000002760003184", "DE"],
  ["pm_card_threeDSecure2Required", "4000000000003220", "US"],
  ["pm_card_threeDSecureRequired", "4000008400001629", "US"]
]

const cardOf = (method: Stripe.PaymentMethod) => {
  const { brand, country, funding, last4 } = method.card ?? expect.fail("It is no card.")
  return { brand, country, funding, last4 }
}

const shown = (stripe: Stripe, token: string) =>
  Effect.map(Effect.promise(() => stripe.paymentMethods.retrieve(token)), cardOf)

describe("B. Test cards", () => {
  it.scopedLive("37 each shows the brand, the last digits, the funding and the country of Stripe's list", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      for (const [token, number, brand, funding, country] of byBrand) {
        expect(yield* shown(stripe, token), token).toEqual({ brand, country, funding, last4: number.slice(-4) })
      }
      for (const [token, number, country] of [...byCountry, ...challenges]) {
        const last4 = number.slice(-4)
        expect(yield* shown(stripe, token), token).toEqual({ brand: "visa", country, funding: "credit", last4 })
      }
      for (const [token, number] of declines) {
        const last4 = number.slice(-4)
        expect(yield* shown(stripe, token), token).toEqual({ brand: "visa", country: "US", funding: "credit", last4 })
      }
    }))

  it.scopedLive("37 each that Stripe declines is declined for the listed reason, with its card in the error", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      for (const [token, number, code, declineCode] of declines) {
        expect(yield* refusal(() => stripe.paymentIntents.create(payment(token))), token).toMatchObject({
          statusCode: 402,
          code,
          decline_code: declineCode,
          payment_method: { card: { last4: number.slice(-4) } }
        })
      }
    }))

  it.scopedLive("37 each that Stripe approves is charged", () =>
    Effect.gen(function*() {
      const { stripe } = yield* start()
      for (const [token] of [...byBrand, ...byCountry]) {
        const { status } = yield* Effect.promise(() => stripe.paymentIntents.create(payment(token)))
        expect(status, token).toBe("succeeded")
      }
    }))
})
