import type Stripe from "stripe"

/** The account that every key belongs to. Only reads answer it, so it is never kept. */
export interface AccountShown {
  readonly _tag: "Account"
}

export const account: AccountShown = { _tag: "Account" }

/** Like the events of one's own account, those of this simulator name no account. */
export const id = "acct_1Quartet00000000"

/** What of it does not depend on a form that its owner filled in. */
export const toStripe = (): Pick<
  Stripe.Account,
  "id" | "object" | "type" | "charges_enabled" | "country" | "default_currency"
> => ({
  id,
  object: "account",
  type: "standard",
  charges_enabled: true,
  country: "DE",
  default_currency: "eur"
})
