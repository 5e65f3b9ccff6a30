import type { Look, Reconciling, Repairs } from "@quartet/hosting/Reconciling"
import * as Settings from "@quartet/hosting/Settings"
import type { Submission } from "@quartet/messaging/Submission"
import * as Uuid from "@quartet/messaging/Uuid"
import * as Worker from "@quartet/messaging/Worker"
import { Chunk, Context, DateTime, Duration, Effect, Layer, Metric, Option, Random, Stream } from "effect"
import { PaymentActor } from "./Actor.ts"
import type { PaymentCommand } from "./domain/Command.ts"
import type { State } from "./domain/State.ts"
import type { Finding, Remedy } from "./Findings.ts"
import { Findings } from "./Findings.ts"
import { ProviderBooks } from "./ProviderBooks.ts"

/**
 * Holds the provider's books against ours. What differs is put right as if the provider had told it by itself: the payment's
 * own decider hears of it, so that the same record changes nothing a second time, whoever looks.
 */
export class Reconciler extends Context.Tag("@quartet/payment/Reconciler")<Reconciler, Reconciling>() {}

/** How far back the provider's books are read: as long as it goes on telling an event that was not heard. */
export const window = Settings.span("PAYMENT_RECONCILE_LAST", "3 days")

/** How often the service does so by itself; `never` leaves it to `quartet reconcile`. */
export const period = Settings.period("PAYMENT_RECONCILE_EVERY", "5 minutes")

/** The most that is told and put right in one go. On a shared account others' charges are among it, and must hide nothing. */
const most = 10_000

interface Seen {
  readonly findings: ReadonlyArray<Finding>
  readonly unread: string | null
}

/** What was found before the provider's books could not be read any further counts as well. */
const makeGather = (findings: Findings["Type"], usual: Duration.Duration) =>
  Effect.fn("Reconciler.gather")(function*(last: Option.Option<Duration.Duration>) {
    const since = DateTime.subtractDuration(yield* DateTime.now, Option.getOrElse(last, () => usual))
    let unread: string | null = null
    const found = yield* findings.since(since).pipe(
      Stream.catchTag("BooksUnread", ({ message }) => {
        unread = message
        return Stream.empty
      }),
      Stream.take(most),
      Stream.runCollect
    )
    const isCut = found.length === most
    const seen: Seen = {
      findings: Chunk.toReadonlyArray(found),
      unread: isCut ? `there are more than ${most} mismatches; have these put right, and look again` : unread
    }
    return seen
  })

const lookOf = ({ findings, unread }: Seen): Look => ({ mismatches: findings.map(({ mismatch }) => mismatch), unread })

/** Nobody asked for it and no message brought it, so what follows begins here. */
const submissionOf = (command: PaymentCommand): Submission<PaymentCommand, State> => {
  const id = Uuid.fresh()
  return { command, by: "reconciler", origin: { _tag: "Request" }, lineage: { causationId: id, correlationId: id } }
}

/** Whether it was done; what was not shows again at the next look. */
const makeApply = (actor: PaymentActor["Type"], books: ProviderBooks["Type"]) => (remedy: Remedy) =>
  remedy._tag === "Hear"
    ? Effect.map(actor.submit([submissionOf(remedy.command)]), ([outcome]) => outcome?._tag === "Done")
    : books.giveBack(remedy.orderId, remedy.intentId).pipe(
      Effect.as(true),
      Effect.catchTag("BooksUnread", ({ message }) => Effect.as(Effect.logWarning(message), false))
    )

const makeRepair = (
  gather: ReturnType<typeof makeGather>,
  apply: ReturnType<typeof makeApply>
) =>
  Effect.fn("Reconciler.repair")(
    function*(isWished: (finding: Finding) => boolean, last: Option.Option<Duration.Duration>) {
      const seen = yield* gather(last)
      const tried = yield* Effect.forEach(seen.findings, (finding) =>
        Effect.map(
          Option.isSome(finding.remedy) && isWished(finding) ? apply(finding.remedy.value) : Effect.succeed(false),
          (isDone) => ({ finding, isDone })
        ), { concurrency: 8 })
      const left = tried.flatMap(({ finding, isDone }) => isDone ? [] : [finding])
      const repairs: Repairs = {
        repaired: tried.flatMap(({ finding, isDone }) => isDone ? [finding.mismatch.id] : []),
        ...lookOf({ ...seen, findings: left })
      }
      return repairs
    }
  )

const forPersons = Metric.gauge("payment_mismatches", {
  description: "Differences between the provider's books and ours that wait for a person, at the last look"
})

/** What the service does on its own puts right what it can; money that is no payment's waits for somebody's word. */
const makeTurn = (repair: ReturnType<typeof makeRepair>) =>
  Effect.gen(function*() {
    const { mismatches, repaired, unread } = yield* repair(
      ({ mismatch }) => mismatch.remedy === "repair",
      Option.none()
    )
    if (unread !== null) yield* Effect.logWarning(unread)
    if (repaired.length > 0) {
      yield* Effect.logWarning(`The provider's books held ${repaired.length} news that nobody had told; repaired.`)
    }
    const waiting = mismatches.filter(({ remedy }) => remedy !== "repair")
    yield* Metric.set(forPersons, waiting.length)
    if (waiting.length > 0) {
      yield* Effect.logError(
        `The provider's books and ours differ ${waiting.length} times, for a person to see: quartet reconcile.`
      ).pipe(Effect.annotateLogs({ first: waiting.slice(0, 10).map(({ id }) => id).join(" ") }))
    }
  })

/** Between four fifths of it and six. */
const jittered = (pause: Duration.Duration) =>
  Effect.map(Random.nextRange(0.8, 1.2), (factor) => Duration.times(pause, factor))

export const layer = Layer.scoped(
  Reconciler,
  Effect.gen(function*() {
    const gather = makeGather(yield* Findings, yield* window)
    const repair = makeRepair(gather, makeApply(yield* PaymentActor, yield* ProviderBooks))
    const every = yield* period
    if (Option.isSome(every)) {
      // Replicas that start together do not ask together; that both ask is harmless.
      const pause = Effect.flatMap(jittered(every.value), Effect.sleep)
      yield* Worker.forever("Reconciler", Effect.zipRight(pause, makeTurn(repair)))
    }
    return Reconciler.of({
      look: (last) => Effect.map(gather(last), lookOf),
      repair: (ids, last) => repair(({ mismatch }) => ids.has(mismatch.id), last)
    })
  })
)
