/** A refusal by the card's issuer, as Stripe words it. */
export interface Decline {
  readonly code: string
  readonly declineCode: string
  readonly message: string
}

/** Why this test token is declined, if it is. Source: Stripe's list of test payment methods and recorded exchanges. */
export const declineOf = (token: string): Decline | undefined => {
  const reason = /^pm_card(?:_visa)?_chargeDeclined(\w*)$/.exec(token)?.[1]
  return reason === undefined ? undefined : declines.get(reason)
}

/** The merchant said that the customer is not there to authenticate. */
export const authenticationRequired: Decline = {
  code: "authentication_required",
  declineCode: "authentication_required",
  message: "Your card was declined. This transaction requires authentication."
}

/** The merchant asked for an error instead of an action. */
export const authenticationNotHandled: Decline = {
  code: "authentication_required",
  declineCode: "authentication_not_handled",
  message: "This payment required an authentication action to complete, but `error_on_requires_action` was set."
}

const declined = (declineCode: string, message = "Your card was declined."): Decline => ({
  code: "card_declined",
  declineCode,
  message
})

/** The issuer gives no reason. */
export const genericDecline: Decline = declined("generic_decline")

const declines: ReadonlyMap<string, Decline> = new Map([
  ["", genericDecline],
  ["InsufficientFunds", declined("insufficient_funds", "Your card has insufficient funds.")],
  ["LostCard", declined("lost_card")],
  ["StolenCard", declined("stolen_card")],
  [
    "VelocityLimitExceeded",
    declined("card_velocity_exceeded", "Your card was declined for making repeated attempts too frequently.")
  ],
  ["Fraudulent", declined("fraudulent")],
  ["ExpiredCard", { code: "expired_card", declineCode: "expired_card", message: "Your card has expired." }],
  [
    "IncorrectCvc",
    { code: "incorrect_cvc", declineCode: "incorrect_cvc", message: "Your card's security code is incorrect." }
  ],
  [
    "ProcessingError",
    {
      code: "processing_error",
      declineCode: "processing_error",
      message: "An error occurred while processing your card. Try again in a little bit."
    }
  ]
])
