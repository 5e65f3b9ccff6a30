import { Unavailable } from "@quartet/messaging/Request"
import * as Setting from "@quartet/messaging/Setting"
import { Config, Context, Effect, Layer, Option, Ref, Schedule } from "effect"
import type Stripe from "stripe"
import { makeStripe } from "./Gateway.ts"
import { ofIntentError } from "./StripeAnswer.ts"
import type { Ours } from "./StripeEvent.ts"

/** The provider's account that our key belongs to. An event that names another one is somebody else's. */
export class ProviderAccount extends Context.Tag("@quartet/payment/ProviderAccount")<ProviderAccount, Ours>() {}

/** The account, where an operator says which one it is. */
export const setting = Config.option(
  Setting.text(
    "STRIPE_ACCOUNT",
    "Expected the id of an account, such as acct_1AbCdEfGhIjKlMnO",
    (id) => /^acct_[A-Za-z0-9]{1,250}$/.test(id)
  )
)

/** What is known of our account: nothing yet, nothing for good, or its id. */
type Known = { readonly _tag: "Asking" } | { readonly _tag: "Known"; readonly id: Option.Option<string> }

/** Every minute at last, for about an hour; then it stays unknown until the next start. */
const askingPause = Schedule.exponential("1 second").pipe(
  Schedule.union(Schedule.spaced("1 minute")),
  Schedule.intersect(Schedule.recurs(65))
)

/** The account of our key, none where the key may not say so. Fails while the provider cannot be asked. */
const ask = (stripe: Stripe) =>
  Effect.tryPromise({ try: () => stripe.accounts.retrieveCurrent(), catch: ofIntentError }).pipe(
    Effect.map(({ id }) => Option.some(id)),
    Effect.catchIf((outcome) => outcome._tag !== "Unknown", () => Effect.succeedNone)
  )

const learn = (stripe: Stripe, known: Ref.Ref<Known>) =>
  ask(stripe).pipe(
    Effect.retry(askingPause),
    Effect.orElseSucceed(() => Option.none<string>()),
    Effect.tap((id) =>
      Option.isNone(id)
        ? Effect.logWarning(
          "The provider does not say which account our key belongs to; events that name an account are set aside. Set STRIPE_ACCOUNT."
        )
        : Effect.void
    ),
    Effect.flatMap((id) => Ref.set(known, { _tag: "Known", id }))
  )

/** Learned at the start, without keeping it waiting. An event that names an account comes again until it is known. */
export const layer = Layer.scoped(
  ProviderAccount,
  Effect.gen(function*() {
    const given = yield* setting
    const { livemode, stripe } = yield* makeStripe
    const known = yield* Ref.make<Known>(Option.isSome(given) ? { _tag: "Known", id: given } : { _tag: "Asking" })
    if (Option.isNone(given)) yield* Effect.forkScoped(learn(stripe, known))
    return ProviderAccount.of({
      livemode,
      isOurs: (account) =>
        Effect.flatMap(Ref.get(known), (now) =>
          now._tag === "Asking"
            ? Effect.die(new Unavailable({ reason: "Which account is ours is not known yet." }))
            : Effect.succeed(Option.contains(now.id, account)))
    })
  })
)
