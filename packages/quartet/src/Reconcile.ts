import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { Duration, Redacted } from "effect"
import { Array, Effect, Schedule } from "effect"
import * as Books from "./reconcile/Books.ts"
import type { Finding, Outcome, Told } from "./reconcile/Finding.ts"
import type { Where } from "./reconcile/Services.ts"
import * as Services from "./reconcile/Services.ts"
import { database } from "./Verdict.ts"

/** What a reconciliation is asked for. */
export interface Wish extends Where {
  /** Tells what it would do, and does nothing. */
  readonly dryRun: boolean
  /** How long a difference must last before it counts: what is under way looks different for a moment. */
  readonly settle: Duration.Duration
  /** How long repairs may take. */
  readonly wait: Duration.Duration
  /** Charges of which a person says that they belong to nothing here. */
  readonly giveBack: ReadonlyArray<string>
}

/** What became of everything that differed, and why not everything could be compared. */
export interface Report {
  readonly told: ReadonlyArray<Told>
  readonly unread: ReadonlyArray<string>
}

/** Money that a person has judged goes back, whoever it may be that nobody knows. */
const judged = ({ giveBack }: Wish) => (finding: Finding): Finding =>
  giveBack.some((intentId) => finding.id === `payment/${intentId}`)
    ? { ...finding, remedy: { _tag: "Repair", service: "payment" }, does: "it goes back, as a person said" }
    : finding

/** What differs at two looks, with a while between them: the rest was under way. */
const lasting = Effect.fn("Reconcile.lasting")(function*(admin: Redacted.Redacted<string>, wish: Wish) {
  const before = yield* Books.look(admin, wish)
  if (before.findings.length === 0) return before
  yield* Effect.sleep(wish.settle)
  const { findings, unread } = yield* Books.look(admin, wish)
  const known = new Set(before.findings.map(({ id }) => id))
  return { findings: findings.filter(({ id }) => known.has(id)).map(judged(wish)), unread }
})

/** Has the services put right what they can by themselves; what had gone meanwhile is not told. */
const repairs = Effect.fn("Reconcile.repairs")(function*(wish: Wish, findings: ReadonlyArray<Finding>) {
  const wanted = findings.flatMap((finding) =>
    finding.remedy._tag === "Repair" ? [{ finding, service: finding.remedy.service }] : []
  )
  const told = yield* Effect.forEach(
    Object.entries(Array.groupBy(wanted, ({ service }) => service)),
    ([service, some]) =>
      Effect.map(Services.repair(wish, service, some.map(({ finding }) => finding.id)), (made) => {
        const repaired = new Set(made.flatMap((one) => one.repaired))
        const left = new Set(made.flatMap(({ mismatches }) => mismatches.map(({ id }) => id)))
        return some.flatMap(({ finding }): ReadonlyArray<Told> =>
          repaired.has(finding.id)
            ? [{ ...finding, outcome: "repaired" }]
            : left.has(finding.id)
            ? [{
              ...finding,
              outcome: "needs a person",
              does: "it was to be put right, and could not be: see the service's log"
            }]
            : []
        )
      })
  )
  return told.flat()
})

const nowAndThen = Schedule.spaced("500 millis")

/** Has said again what was not heard, and waits until everybody has heard it. */
const sayings = Effect.fn("Reconcile.sayings")(
  function*(admin: Redacted.Redacted<string>, wish: Wish, findings: ReadonlyArray<Finding>) {
    const wanted = findings.flatMap((finding) =>
      finding.remedy._tag === "SayAgain" && finding.orderId !== null
        ? finding.remedy.speakers.map((speaker) => ({ finding, speaker, orderId: finding.orderId ?? "" }))
        : []
    )
    if (wanted.length === 0) return []
    const ids = new Set(wanted.map(({ finding }) => finding.id))
    for (const speaker of new Set(wanted.map((one) => one.speaker))) {
      const orderIds = wanted.filter((one) => one.speaker === speaker).map(({ orderId }) => orderId)
      yield* Services.sayAgain(wish, speaker, [...new Set(orderIds)])
    }
    const still = Effect.map(Books.orders(admin), (now) => now.filter(({ id }) => ids.has(id)).map(({ id }) => id))
    const left = yield* Effect.repeat(still, {
      until: (some) => some.length === 0,
      schedule: nowAndThen.pipe(
        Schedule.upTo(wish.wait),
        Schedule.zipRight(Schedule.identity<ReadonlyArray<string>>())
      )
    })
    return findings.filter(({ id }) => ids.has(id)).map((finding): Told =>
      left.includes(finding.id)
        ? { ...finding, outcome: "needs a person", does: unmoved }
        : { ...finding, outcome: "repaired" }
    )
  }
)

const unmoved = "it was said again and changed nothing: look at `quartet parked list`, and who changed it by hand"

const isForPerson = ({ remedy }: Finding): boolean => remedy._tag === "Person"

const wouldBe = (finding: Finding): Outcome => isForPerson(finding) ? "needs a person" : "would be repaired"

/** Compares everything, and puts right what is safe: money first, then what was not heard. */
export const reconcile = Effect.fn("Reconcile.reconcile")(function*(wish: Wish) {
  const admin = yield* database
  const { findings, unread } = yield* lasting(admin, wish)
  if (wish.dryRun) {
    const report: Report = { told: findings.map((one) => ({ ...one, outcome: wouldBe(one) })), unread }
    return report
  }
  const repaired = yield* repairs(wish, findings)
  const heard = yield* sayings(admin, wish, findings)
  const persons = findings.filter(isForPerson).map((finding): Told => ({ ...finding, outcome: "needs a person" }))
  const report: Report = { told: [...repaired, ...heard, ...persons], unread }
  return report
}, Effect.provide(NodeHttpClient.layer))
