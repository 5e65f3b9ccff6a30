import type { SqlError } from "@effect/sql"
import type { OrderId } from "@quartet/contracts/Ids"
import { newRefundId } from "@quartet/contracts/Ids"
import type { Mismatch } from "@quartet/hosting/Reconciling"
import type { DateTime } from "effect"
import { Array, Context, DateTime as Time, Effect, HashMap, Layer, Option, Stream } from "effect"
import { policy } from "./Actor.ts"
import type { PaymentCommand } from "./domain/Command.ts"
import { RecordIntent, RecordRefund } from "./domain/Command.ts"
import type { Difference } from "./domain/Comparison.ts"
import { compareIntent, compareRefund } from "./domain/Comparison.ts"
import type { IntentId, ProviderRefund } from "./domain/Intent.ts"
import type { Policy } from "./domain/Policy.ts"
import type { State } from "./domain/State.ts"
import { absent, intentIdOf } from "./domain/State.ts"
import { missing, named, ofEvent, ofIntent } from "./Mismatches.ts"
import type { BooksUnread, ListedIntent } from "./ProviderBooks.ts"
import { ProviderBooks } from "./ProviderBooks.ts"
import type { Said } from "./StripeObject.ts"
import { PaymentViews } from "./Views.ts"

/** What is done about a mismatch: the payment hears of it, or money that is no payment's goes back. */
export type Remedy =
  | { readonly _tag: "Hear"; readonly command: PaymentCommand }
  | { readonly _tag: "GiveBack"; readonly orderId: OrderId; readonly intentId: IntentId }

/** A mismatch about the money of an intent; without a remedy it is a person's. */
export interface Finding {
  readonly intentId: IntentId
  readonly mismatch: Mismatch
  readonly remedy: Option.Option<Remedy>
}

/** What differs between the provider's books and ours. Nothing is changed, and no lock is taken. */
export class Findings extends Context.Tag("@quartet/payment/Findings")<Findings, {
  readonly since: (moment: DateTime.Utc) => Stream.Stream<Finding, BooksUnread | SqlError.SqlError>
}>() {}

interface Parts {
  readonly books: ProviderBooks["Type"]
  readonly views: PaymentViews["Type"]
  readonly policy: Policy
}

const stateOf = (states: HashMap.HashMap<OrderId, State>, orderId: OrderId): State =>
  Option.getOrElse(HashMap.get(states, orderId), () => absent)

/** Objects that name an order of ours, with it. */
const ofOrders = <A extends Said<unknown>>(page: ReadonlyArray<A>) =>
  page.flatMap((said) => Option.toArray(Option.map(said.orderId, (orderId) => ({ orderId, said }))))

/** A second charge is one only where the first is: else it may be all the money there is for the order. */
const isSecond = ({ books }: Parts, state: State) =>
  Option.match(intentIdOf(state), {
    onNone: () => Effect.succeed(false),
    onSome: (intentId) => Effect.map(books.intent(intentId), Option.exists(({ what }) => what.status === "succeeded"))
  })

const isAboutSecond = (difference: Difference): boolean =>
  difference._tag === "News" && difference.event._tag === "RefundRequested"

const intentFinding = (
  parts: Parts,
  state: State,
  { orderId, said }: { readonly orderId: OrderId; readonly said: ListedIntent }
) =>
  Effect.gen(function*() {
    const { madeAt, returned, what: intent } = said
    const command = RecordIntent.make({ orderId, intent, asked: Option.none(), refundId: yield* newRefundId })
    const compared = compareIntent(parts.policy, state, command, returned, yield* Time.now)
    if (Option.isNone(compared)) return Option.none<Finding>()
    const isUnproven = isAboutSecond(compared.value) && !(yield* isSecond(parts, state))
    const difference: Difference = isUnproven ? { _tag: "Unproven" } : compared.value
    const taken = difference._tag === "Stray" ? { taken: { intentId: intent.id, madeAt } } : {}
    const finding: Finding = {
      intentId: intent.id,
      mismatch: named(intent.id, orderId, ofIntent(difference, intent), taken),
      remedy: remedyOf(difference, command)
    }
    return Option.some(finding)
  })

const remedyOf = (difference: Difference, command: RecordIntent): Finding["remedy"] => {
  if (difference._tag === "News") return Option.some({ _tag: "Hear", command })
  const { intent, orderId } = command
  return difference._tag === "Stray" || difference._tag === "Unwanted"
    ? Option.some({ _tag: "GiveBack", orderId, intentId: intent.id })
    : Option.none()
}

const intentFindings = (parts: Parts, page: ReadonlyArray<ListedIntent>) =>
  Effect.gen(function*() {
    const ours = ofOrders(page)
    if (ours.length === 0) return []
    const states = yield* parts.views.payments(ours.map(({ orderId }) => orderId))
    const found = yield* Effect.forEach(ours, (one) => intentFinding(parts, stateOf(states, one.orderId), one))
    return Array.getSomes(found)
  })

/** A refund that was made by hand names no order; its intent does. */
const withOrder = ({ views }: Parts, said: Said<ProviderRefund>) =>
  Option.isSome(said.orderId)
    ? Effect.succeed(said)
    : Effect.map(views.orderOfIntent(said.what.intentId), (orderId) => ({ ...said, orderId }))

const refundFindings = (parts: Parts, page: ReadonlyArray<Said<ProviderRefund>>) =>
  Effect.gen(function*() {
    const ours = ofOrders(yield* Effect.forEach(page, (said) => withOrder(parts, said)))
    if (ours.length === 0) return []
    const states = yield* parts.views.payments(ours.map(({ orderId }) => orderId))
    const now = yield* Time.now
    const found = yield* Effect.forEach(ours, ({ orderId, said: { what: refund } }) =>
      Effect.map(newRefundId, (refundId) => {
        const command = RecordRefund.make({ orderId, refund, asked: Option.none(), refundId })
        const difference = compareRefund(parts.policy, stateOf(states, orderId), command, now)
        return Option.map(
          Option.filter(difference, (one) =>
            one._tag === "News"),
          ({ event }): Finding => ({
            intentId: refund.intentId,
            mismatch: named(refund.id, orderId, ofEvent(event)),
            remedy: Option.some({ _tag: "Hear", command })
          })
        )
      }))
    return Array.getSomes(found)
  })

/** So many are looked up by themselves at most; they are few, unless all of the provider's books are others. */
const most = 200

/** What counts as paid and is in none of the provider's pages is looked up by itself, one by one. */
const missingFindings = (parts: Parts, since: DateTime.Utc, seen: ReadonlySet<string>) =>
  Effect.gen(function*() {
    const paid = yield* parts.views.paidSince(since)
    const unseen = paid.filter(({ intentId }) => !seen.has(intentId)).slice(0, most)
    const found = yield* Effect.forEach(unseen, ({ intentId, orderId }) =>
      Effect.map(
        parts.books.intent(intentId),
        (known): ReadonlyArray<Finding> =>
          Option.isSome(known)
            ? []
            : [{ intentId, mismatch: named(intentId, orderId, missing), remedy: Option.none() }]
      ))
    return found.flat()
  })

/** Refunds first: sums that differ because of one that is about to be heard of are not told a second time. */
const makeSince = (parts: Parts) => (since: DateTime.Utc) =>
  Stream.suspend(() => {
    const seen = new Set<string>()
    const mending = new Set<string>()
    const refunds = parts.books.refundsSince(since).pipe(
      Stream.mapEffect((page) => refundFindings(parts, page)),
      Stream.tap((found) => Effect.sync(() => found.forEach(({ intentId }) => mending.add(intentId))))
    )
    const intents = parts.books.intentsSince(since).pipe(
      Stream.tap((page) => Effect.sync(() => page.forEach(({ what }) => seen.add(what.id)))),
      Stream.mapEffect((page) => intentFindings(parts, page)),
      Stream.map((found) => found.filter(({ intentId, remedy }) => Option.isSome(remedy) || !mending.has(intentId)))
    )
    const missing = Stream.fromEffect(Effect.suspend(() => missingFindings(parts, since, seen)))
    return refunds.pipe(Stream.concat(intents), Stream.concat(missing), Stream.mapConcat((found) => found))
  })

export const layer = Layer.effect(
  Findings,
  Effect.gen(function*() {
    const parts = { books: yield* ProviderBooks, views: yield* PaymentViews, policy: yield* policy }
    return Findings.of({ since: makeSince(parts) })
  })
)
