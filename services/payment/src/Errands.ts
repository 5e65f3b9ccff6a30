import { RefundId } from "@quartet/contracts/Ids"
import type { PaymentCancelDue, PaymentChargeDue, PaymentRefundDue } from "@quartet/contracts/PaymentMessages"
import type { Envelope } from "@quartet/messaging/Message"
import { replyOf } from "@quartet/messaging/Request"
import * as Retry from "@quartet/messaging/Retry"
import { ofSqlError } from "@quartet/messaging/SqlFailure"
import type { Outcome } from "@quartet/messaging/Submission"
import { Context, DateTime, Duration, Effect, Either, Layer, Match, Option, Random } from "effect"
import { PaymentActor } from "./Actor.ts"
import * as Command from "./domain/Command.ts"
import type { IntentId } from "./domain/Intent.ts"
import type { Errand } from "./domain/PutOff.ts"
import { PutOff } from "./domain/PutOff.ts"
import type { Refund } from "./domain/Refund.ts"
import type { ActionRequired, Charging } from "./domain/State.ts"
import { intentIdOf, openedOf } from "./domain/State.ts"
import { Gateway } from "./Gateway.ts"
import type { ChargeOutcome, RefundOutcome } from "./Outcome.ts"
import { OurFault } from "./Outcome.ts"
import { Passage } from "./Passage.ts"
import { PaymentViews } from "./Views.ts"

/**
 * What is due is done outside of any transaction, and its outcome is a command. Whether it may still be done was decided by
 * the actor, and written down, before the provider hears of it.
 */
export class Errands extends Context.Tag("@quartet/payment/Errands")<Errands, {
  readonly charge: (due: PaymentChargeDue, envelope: Envelope) => Effect.Effect<Done>
  readonly cancel: (due: PaymentCancelDue, envelope: Envelope) => Effect.Effect<Done>
  readonly refund: (due: PaymentRefundDue, envelope: Envelope) => Effect.Effect<Done>
}>() {}

/** What came of it, or that the provider could not be asked now. */
export type Done = Command.PaymentCommand | PutOff

/** The provider remembers a key for 24 hours at least; an hour of that is left for calls and clocks (H49). */
const keyLifetime = Duration.hours(23)

const isRemembered = (begunAt: DateTime.Utc): Effect.Effect<boolean> =>
  Effect.map(DateTime.now, (now) => DateTime.lessThan(now, DateTime.addDuration(begunAt, keyLifetime)))

const untold: Outcome<never, never> = { _tag: "Unavailable", reason: "No outcome was told." }

/** Asks the actor whether this may begin, until it can tell. */
const makeBegin =
  (actor: PaymentActor["Type"]) => (command: Command.BeginCharge | Command.BeginRefund, cause: Envelope) =>
    actor.submit([{
      command,
      by: "payment",
      origin: { _tag: "Request" },
      lineage: {
        causationId: cause.id,
        correlationId: cause.correlationid,
        ...(cause.traceparent === undefined ? {} : { traceparent: cause.traceparent })
      }
    }]).pipe(
      Effect.flatMap(([outcome]) => replyOf(outcome ?? untold)),
      Effect.retry({ schedule: Retry.outagePause, while: ({ _tag }) => _tag === "Unavailable" }),
      Effect.orDie
    )

const makeCharge = (
  gateway: Gateway["Type"],
  { another }: Passage["Type"],
  begin: ReturnType<typeof makeBegin>
) => {
  const post = Effect.fn("Errands.post")(function*(payment: Charging) {
    const find = gateway.find(payment.orderId, payment.charge)
    if (!(yield* isRemembered(payment.begunAt))) return yield* find
    const outcome = yield* gateway.charge(payment.orderId, payment.charge)
    // An error of theirs may be all the key ever answers, though the charge exists (H50).
    if (outcome._tag !== "Unknown" || !outcome.answered || payment.try === 1) return outcome
    const found = yield* another(find)
    return Option.getOrElse(Option.filter(found, ({ _tag }) => _tag === "IntentAnswer"), () => outcome)
  })
  const ask = (payment: Charging | ActionRequired): Effect.Effect<ChargeOutcome> =>
    Option.match(intentIdOf(payment), {
      onSome: gateway.retrieve,
      onNone: () =>
        payment._tag === "Charging" ? post(payment) : Effect.succeed(OurFault({ why: "no intent", refuses: "request" }))
    })

  return Effect.fn("Errands.charge")(function*(due: PaymentChargeDue, envelope: Envelope) {
    const { attempt, orderId, paymentId, try: asked } = due
    const state = yield* begin(Command.BeginCharge.make({ orderId, attempt, try: asked }), envelope)
    const isDue = (state._tag === "Charging" || state._tag === "ActionRequired") && state.try === asked &&
      state.charge.paymentId === paymentId
    if (!isDue) return Command.SkipCall.make({ orderId })
    const outcome = yield* Effect.tap(ask(state), alert)
    const about = { orderId, attempt, try: asked }
    return Match.valueTags(outcome, {
      IntentAnswer: ({ intent }): Command.PaymentCommand =>
        Command.RecordIntent.make({ orderId, intent, asked: Option.some(asked), refundId: RefundId.make(envelope.id) }),
      ChargeRefused: ({ reason }) => Command.RecordRefusedCall.make({ orderId, attempt, reason }),
      NotFound: () => Command.RecordUnknown.make({ ...about, why: "no record of it was found", fault: true }),
      Unknown: ({ why }) => Command.RecordUnknown.make({ ...about, why, fault: false }),
      OurFault: ({ why }) => Command.RecordUnknown.make({ ...about, why, fault: true })
    })
  })
}

const makeCancel = (gateway: Gateway["Type"], views: PaymentViews["Type"]) =>
  Effect.fn("Errands.cancel")(function*(due: PaymentCancelDue, envelope: Envelope) {
    const { orderId, paymentId, try: asked } = due
    const state = yield* views.payment(orderId).pipe(
      Effect.retry({ schedule: Retry.outagePause, while: (error) => ofSqlError(error) !== "Fault" }),
      Effect.orDie
    )
    const isDue = (state._tag === "Cancelling" || state._tag === "Closing") && state.try === asked &&
      state.charge.paymentId === paymentId
    if (!isDue) return Command.SkipCall.make({ orderId })
    const outcome = yield* Effect.tap(
      gateway.cancel(state.intentId, asked),
      (seen) => isRefusedAlone(seen) ? Effect.void : alert(seen)
    )
    const unknown = (why: string, fault: boolean): Command.PaymentCommand =>
      Command.RecordCancelUnknown.make({ orderId, try: asked, why, fault, refused: isRefusedAlone(outcome) })
    return Match.valueTags(outcome, {
      IntentAnswer: ({ intent }) =>
        intent.status === "canceled" || intent.status === "succeeded"
          ? Command.RecordIntent.make({ orderId, intent, asked: Option.none(), refundId: RefundId.make(envelope.id) })
          : unknown(`the intent is still ${intent.status}`, false),
      ChargeRefused: ({ reason }) => unknown(reason, true),
      NotFound: () => unknown("no record of it was found", true),
      Unknown: ({ why }) => unknown(why, false),
      OurFault: ({ why }) => unknown(why, true)
    })
  })

const makeRefund = (gateway: Gateway["Type"], begin: ReturnType<typeof makeBegin>) => {
  // The list of an intent's refunds is complete, so it is looked at before anything is asked for again.
  const again = Effect.fn("Errands.refundAgain")(
    function*(due: PaymentRefundDue, refund: Refund, intentId: IntentId, begunAt: DateTime.Utc) {
      const found = yield* gateway.findRefund(refund, intentId)
      if (found._tag !== "NotFound" || refund.status === "Pending") return found
      return (yield* isRemembered(begunAt)) ? yield* gateway.refund(due.orderId, refund, intentId) : found
    }
  )
  return Effect.fn("Errands.refund")(function*(due: PaymentRefundDue, envelope: Envelope) {
    const { orderId, refundId, try: asked } = due
    const state = yield* begin(Command.BeginRefund.make({ orderId, refundId, try: asked }), envelope)
    const refund = Option.getOrUndefined(openedOf(state))?.refunds.find((one) => one.refundId === refundId)
    const isOpen = refund?.status === "Requested" || refund?.status === "Pending"
    if (!isOpen || refund.try !== asked || Option.isNone(refund.intentId) || Option.isNone(refund.begunAt)) {
      return Command.SkipCall.make({ orderId })
    }
    const ask: Effect.Effect<RefundOutcome> = asked === 1
      ? gateway.refund(orderId, refund, refund.intentId.value)
      : again(due, refund, refund.intentId.value, refund.begunAt.value)
    const outcome = yield* Effect.tap(ask, alert)
    const about = { orderId, refundId }
    const unknown = (why: string, fault: boolean): Command.PaymentCommand =>
      Command.RecordRefundUnknown.make({ ...about, try: asked, why, fault })
    return Match.valueTags(outcome, {
      RefundAnswer: (answer) =>
        Command.RecordRefund.make({ ...about, refund: answer.refund, asked: Option.some(asked) }),
      RefundRefused: ({ reason }) => Command.RecordRefundRefused.make({ ...about, reason }),
      AlreadyRefunded: () => Command.RecordAlreadyRefunded.make(about),
      NotFound: () => unknown("no record of it was found", true),
      Unknown: ({ why }) => unknown(why, false),
      OurFault: ({ why }) => unknown(why, true)
    })
  })
}

/** The provider refuses this one question, so the same question would be refused again. */
const isRefusedAlone = (outcome: ChargeOutcome): boolean =>
  outcome._tag === "NotFound" || (outcome._tag === "OurFault" && outcome.refuses === "request")

/** What only we can repair, or is past finding out, is for a person to see. */
const alert = (outcome: ChargeOutcome | RefundOutcome): Effect.Effect<void> => {
  if (outcome._tag === "ChargeRefused" && Option.isSome(outcome.alert)) {
    return Effect.logError(`The provider refuses this charge for good: ${outcome.alert.value}.`)
  }
  if (outcome._tag === "OurFault") return Effect.logError(`The provider refuses what we do: ${outcome.why}.`)
  if (outcome._tag === "NotFound") return Effect.logError("The provider has no record of what we asked it for.")
  return Effect.void
}

/**
 * Asks while the provider may be asked, and puts the question off otherwise. That is decided before anything is written
 * down: what was only put off was certainly not asked, and ends without a call when the order is cancelled.
 */
const makeAskNow = ({ through }: Passage["Type"]) =>
  Effect.fnUntraced(function*(errand: Errand, question: Effect.Effect<Command.PaymentCommand>) {
    const { orderId, putOff, try: turn } = errand.due
    const done = yield* through(turn === 1 && putOff === undefined ? "fresh" : "backlog", question)
    if (Either.isRight(done)) return done.right
    return PutOff.make({ orderId, errand, notBefore: done.left.notBefore, spread: yield* Random.next })
  })

export const layer = Layer.effect(
  Errands,
  Effect.gen(function*() {
    const gateway = yield* Gateway
    const views = yield* PaymentViews
    const passage = yield* Passage
    const begin = makeBegin(yield* PaymentActor)
    const askNow = makeAskNow(passage)
    const charge = makeCharge(gateway, passage, begin)
    const cancel = makeCancel(gateway, views)
    const refund = makeRefund(gateway, begin)
    return Errands.of({
      charge: (due, envelope) => askNow({ _tag: "Charge", due }, charge(due, envelope)),
      cancel: (due, envelope) => askNow({ _tag: "Cancel", due }, cancel(due, envelope)),
      refund: (due, envelope) => askNow({ _tag: "Refund", due }, refund(due, envelope))
    })
  })
)
