/** The card behind a test payment method, as Stripe's page "Testing" lists it. */
export interface Card {
  readonly brand: string
  readonly last4: string
  readonly funding: string
  readonly country: string
}

const card = (brand: string, last4: string, funding = "credit", country = "US"): Card => ({
  brand,
  last4,
  funding,
  country
})

/** One Visa card for each country, by the last digits of its number: `pm_card_de` and so on. */
const countries =
  "US:4242 AR:0021 BR:0002 CA:0000 CL:0001 CO:0003 CR:0005 EC:0000 MX:8001 PA:0000 PY:0066 PE:0068 UY:0003 " +
  "AE:0001 AT:0008 BE:0004 BG:0000 BY:0005 HR:0009 CY:0008 CZ:0002 DK:0001 EE:0009 FI:0001 FR:0003 DE:0016 " +
  "GI:0005 GR:0030 HU:0005 IE:0005 IT:0008 LV:0005 LI:0004 LT:0000 LU:0006 MT:0007 NL:0002 NO:0007 PL:0005 " +
  "PT:0007 RO:0001 SI:0006 SK:0001 ES:0007 SE:0008 CH:0009 GB:0000 AU:0006 CN:0002 HK:0004 IN:0008 JP:0003 " +
  "MY:0002 NZ:0008 SG:0003 TW:0008"

const approved: ReadonlyArray<readonly [string, Card]> = [
  ["pm_card_visa", card("visa", "4242")],
  ["pm_card_visa_debit", card("visa", "5556", "debit")],
  ["pm_card_mastercard", card("mastercard", "4444")],
  ["pm_card_mastercard_debit", card("mastercard", "8210", "debit")],
  ["pm_card_mastercard_prepaid", card("mastercard", "5100", "prepaid")],
  ["pm_card_amex", card("amex", "0005")],
  ["pm_card_discover", card("discover", "1117")],
  ["pm_card_diners", card("diners", "0004")],
  ["pm_card_jcb", card("jcb", "0505", "credit", "JP")],
  ["pm_card_unionpay", card("unionpay", "0005", "credit", "CN")],
  ["pm_card_pendingRefund", card("visa", "7726")],
  ["pm_card_refundFail", card("visa", "5126")],
  ["pm_card_createDispute", card("visa", "0259")],
  ["pm_card_bypassPending", card("visa", "0077")],
  ["pm_card_gb_debit", card("visa", "0005", "debit", "GB")],
  ["pm_card_th_credit", card("visa", "0003", "credit", "TH")],
  ["pm_card_th_debit", card("visa", "0008", "debit", "TH")],
  ...countries.split(" ").map((entry): readonly [string, Card] => {
    const [country = "", last4 = ""] = entry.split(":")
    return [`pm_card_${country.toLowerCase()}`, card("visa", last4, "credit", country)]
  })
]

/** What stands behind `pm_card_chargeDeclined…` and `pm_card_visa_chargeDeclined…`. */
const declined: ReadonlyArray<readonly [string, string]> = [
  ["", "0002"],
  ["InsufficientFunds", "9995"],
  ["LostCard", "9987"],
  ["StolenCard", "9979"],
  ["ExpiredCard", "0069"],
  ["IncorrectCvc", "0127"],
  ["ProcessingError", "0119"],
  ["VelocityLimitExceeded", "6975"],
  ["Fraudulent", "0019"]
]

const challenged: ReadonlyArray<readonly [string, Card]> = [
  ["pm_card_authenticationRequired", card("visa", "3184", "credit", "DE")],
  ["pm_card_threeDSecure2Required", card("visa", "3220")],
  ["pm_card_threeDSecureRequired", card("visa", "1629")]
]

const approvedTokens: ReadonlySet<string> = new Set(approved.map(([token]) => token))
const challengedTokens: ReadonlySet<string> = new Set(challenged.map(([token]) => token))

const cards: ReadonlyMap<string, Card> = new Map([
  ...approved,
  ...challenged,
  ...declined.flatMap(([reason, last4]) =>
    ["pm_card_chargeDeclined", "pm_card_visa_chargeDeclined"].map((token): readonly [string, Card] => [
      `${token}${reason}`,
      card("visa", last4)
    ])
  )
])

/** Whether a charge to this token always succeeds. */
export const approves = (token: string): boolean => approvedTokens.has(token)

/** Whether the holder of this card has to authenticate (3-D Secure) before it can be charged. */
export const needsAuthentication = (token: string): boolean => challengedTokens.has(token)

/** The card of this token; every token that a payment method is made of has one. */
export const cardOf = (token: string): Card => cards.get(token) ?? card("visa", "4242")
