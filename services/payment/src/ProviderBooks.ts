import type { OrderId } from "@quartet/contracts/Ids"
import { Chunk, Context, DateTime, Duration, Effect, Either, Layer, Option, Schema, Stream } from "effect"
import Stripe from "stripe"
import type { Intent, IntentId, ProviderRefund, ProviderRefundId } from "./domain/Intent.ts"
import { makeStripe } from "./Gateway.ts"
import { ofIntentError } from "./StripeAnswer.ts"
import type { Said } from "./StripeObject.ts"
import { readIntent, readRefund } from "./StripeObject.ts"

/** An intent as the provider lists it: what of its money went back, in minor units, and since when there is one. */
export interface ListedIntent extends Said<Intent> {
  readonly returned: number
  readonly madeAt: DateTime.Utc
}

/** The provider's books could not be read to their end. */
export class BooksUnread extends Schema.TaggedError<BooksUnread>()("BooksUnread", { why: Schema.String }) {
  override get message() {
    return `The provider's books could not be read: ${this.why}.`
  }
}

/**
 * What the provider has on record, whoever made it. Lists come page by page and no faster than a few pages a second, each
 * within the deadline of a call; what is on record and cannot be read is left out.
 */
export class ProviderBooks extends Context.Tag("@quartet/payment/ProviderBooks")<ProviderBooks, {
  readonly intentsSince: (since: DateTime.Utc) => Stream.Stream<ReadonlyArray<ListedIntent>, BooksUnread>
  readonly refundsSince: (since: DateTime.Utc) => Stream.Stream<ReadonlyArray<Said<ProviderRefund>>, BooksUnread>
  /** One intent by its id, or that there is none. */
  readonly intent: (intentId: IntentId) => Effect.Effect<Option.Option<ListedIntent>, BooksUnread>
  /** One refund by its id, or that there is none. */
  readonly refund: (refundId: ProviderRefundId) => Effect.Effect<Option.Option<Said<ProviderRefund>>, BooksUnread>
  /** Gives back all that is left of an intent that is no payment of ours. Asked for again it is the same refund. */
  readonly giveBack: (orderId: OrderId, intentId: IntentId) => Effect.Effect<void, BooksUnread>
}>() {}

/** Between two pages, so that whoever is paying has the provider's ear. */
const breath = Duration.millis(100)

/** The most pages of one list, of 100 each: what lies beyond is not looked at. */
const most = 5000

const expand = ["latest_charge"]

const Listed = Schema.Struct({
  created: Schema.Int.pipe(Schema.between(0, 253_402_300_799)),
  latest_charge: Schema.NullOr(
    Schema.Union(Schema.String, Schema.Struct({ amount_refunded: Schema.Int.pipe(Schema.nonNegative()) }))
  )
})
const decodeListed = Schema.decodeUnknownOption(Listed)

const listedIntent = (object: unknown): Option.Option<ListedIntent> =>
  Option.map(
    Option.all([Either.getRight(readIntent(object)), decodeListed(object)]),
    ([said, { created, latest_charge: charge }]) => ({
      ...said,
      returned: charge === null || typeof charge === "string" ? 0 : charge.amount_refunded,
      madeAt: DateTime.unsafeMake(created * 1000)
    })
  )

const isUnknownToThem = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError && error.statusCode === 404

const unread = (error: unknown): BooksUnread => {
  const outcome = ofIntentError(error)
  return new BooksUnread({ why: "why" in outcome ? outcome.why : outcome._tag })
}

type Call = <A>(run: () => Promise<A>) => Effect.Effect<A, { readonly error: unknown }>

const makeCall = (deadline: Duration.Duration): Call => (run) =>
  Effect.tryPromise({ try: run, catch: (error) => ({ error }) }).pipe(
    Effect.timeoutFail({ duration: deadline, onTimeout: () => ({ error: "no answer within the deadline" }) })
  )

interface Page {
  readonly data: ReadonlyArray<{ readonly id: string }>
  readonly has_more: boolean
}

/** All pages of a list, newest first, each read by its own reader. */
const pages = <A>(
  call: Call,
  list: (after: Option.Option<string>) => Promise<Page>,
  read: (object: unknown) => Option.Option<A>
) =>
  Stream.paginateChunkEffect(
    { after: Option.none<string>(), page: 1 },
    ({ after, page }) =>
      call(() => list(after)).pipe(
        Effect.mapError(({ error }) => unread(error)),
        Effect.filterOrFail(
          ({ has_more: hasMore }) => !hasMore || page < most,
          () => new BooksUnread({ why: "there is more than can be looked at; look less far back" })
        ),
        Effect.delay(page === 1 ? Duration.zero : breath),
        Effect.map(({ data, has_more: hasMore }) => {
          const last = data[data.length - 1]
          const next = hasMore && last !== undefined
            ? Option.some({ after: Option.some(last.id), page: page + 1 })
            : Option.none()
          return [Chunk.of(data.flatMap((object) => Option.toArray(read(object)))), next]
        })
      )
  )

const secondsOf = (moment: DateTime.Utc): number => Math.floor(DateTime.toEpochMillis(moment) / 1000)

const makeLists = (stripe: Stripe, call: Call): Pick<ProviderBooks["Type"], "intentsSince" | "refundsSince"> => {
  const from = (since: DateTime.Utc, after: Option.Option<string>) => ({
    limit: 100,
    created: { gte: secondsOf(since) },
    ...Option.match(after, { onNone: () => ({}), onSome: (id) => ({ starting_after: id }) })
  })
  return {
    intentsSince: (since) =>
      pages(
        call,
        (after) => stripe.paymentIntents.list({ ...from(since, after), expand: expand.map((name) => `data.${name}`) }),
        listedIntent
      ),
    refundsSince: (since) =>
      pages(
        call,
        (after) => stripe.refunds.list(from(since, after)),
        (object) => Either.getRight(readRefund(object))
      )
  }
}

const makeOne = (stripe: Stripe, call: Call): Pick<ProviderBooks["Type"], "intent" | "refund" | "giveBack"> => ({
  intent: Effect.fn("ProviderBooks.intent")((intentId: IntentId) =>
    call(() => stripe.paymentIntents.retrieve(intentId, { expand })).pipe(
      Effect.map(listedIntent),
      Effect.catchAll(({ error }) => isUnknownToThem(error) ? Effect.succeedNone : unread(error))
    )
  ),
  refund: Effect.fn("ProviderBooks.refund")((refundId: ProviderRefundId) =>
    call(() => stripe.refunds.retrieve(refundId)).pipe(
      Effect.map((object) => Either.getRight(readRefund(object))),
      Effect.catchAll(({ error }) => isUnknownToThem(error) ? Effect.succeedNone : unread(error))
    )
  ),
  giveBack: Effect.fn("ProviderBooks.giveBack")((orderId: OrderId, intentId: IntentId) => {
    const params = { payment_intent: intentId, metadata: { orderId, cause: "stray_charge" } }
    return call(() => stripe.refunds.create(params, { idempotencyKey: `return:${intentId}` })).pipe(
      Effect.asVoid,
      Effect.catchAll(({ error }) => unread(error))
    )
  })
})

export const layer = Layer.scoped(
  ProviderBooks,
  Effect.map(makeStripe, ({ deadline, stripe }) => {
    const call = makeCall(deadline)
    return ProviderBooks.of({ ...makeLists(stripe, call), ...makeOne(stripe, call) })
  })
)
