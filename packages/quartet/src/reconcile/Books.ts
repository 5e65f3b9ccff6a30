import { reading } from "@quartet/hosting/ReadingSession"
import type { Mismatch } from "@quartet/hosting/Reconciling"
import type { Redacted } from "effect"
import { DateTime, Effect } from "effect"
import type { Finding } from "./Finding.ts"
import { judge } from "./judge.ts"
import type { Where } from "./Services.ts"
import * as Services from "./Services.ts"
import type { Story } from "./Story.ts"
import { most, tell } from "./Story.ts"
import { isRemembered } from "./Verdicts.ts"

/** Everything that one look found, and why not everything could be compared. */
export interface Seen {
  readonly findings: ReadonlyArray<Finding>
  readonly unread: ReadonlyArray<string>
}

/** What the four services say of the orders that are not over for all of them, and of these. */
const storiesOf = (admin: Redacted.Redacted<string>, also: ReadonlyArray<string>) =>
  reading(admin, "quartet reconcile", (sql) => tell(sql)(also)).pipe(
    Effect.catchTag("ParseError", Effect.die) // our services wrote these rows
  )

/** Orders alone, as the four databases tell them now. */
export const orders = Effect.fn("Books.orders")(function*(admin: Redacted.Redacted<string>) {
  const now = yield* DateTime.now
  return (yield* storiesOf(admin, [])).flatMap((story) => judge(story, now))
})

/** Everything: what the services find by themselves, and what the orders tell. */
export const look = Effect.fn("Books.look")(function*(admin: Redacted.Redacted<string>, where: Where) {
  const looks = yield* Services.look(where)
  const found = looks.flatMap(({ mismatches, service }) => mismatches.map((mismatch) => ({ mismatch, service })))
  const stray = found.flatMap(({ mismatch }) =>
    mismatch.remedy === "return" && mismatch.orderId !== null ? [mismatch.orderId] : []
  )
  const stories = yield* storiesOf(admin, stray)
  const now = yield* DateTime.now
  const byOrder = new Map(stories.map((story) => [story.orderId, story]))
  const own = found.flatMap(({ mismatch, service }) =>
    mismatch.remedy === "return"
      ? ofStray(mismatch, service, byOrder.get(mismatch.orderId ?? ""), now)
      : [ofMismatch(mismatch, service)]
  )
  const seen: Seen = {
    findings: [...own, ...stories.flatMap((story) => judge(story, now))],
    unread: [
      ...looks.flatMap(({ unread }) => unread === null ? [] : [unread]),
      ...(stories.length < most ? [] : [`more than ${most} orders are not over, and only those were looked at`])
    ]
  }
  return seen
})

const ofMismatch = ({ does, id, orderId, remedy, says }: Mismatch, service: string): Finding => ({
  id,
  orderId,
  says,
  does,
  remedy: remedy === "repair" ? { _tag: "Repair", service } : { _tag: "Person" }
})

/**
 * Money of which no payment is known. An order that is over, or that asked for no payment, has no claim to it: it goes back. One
 * that waits for it or lives on it has lost its payment, and is told of by itself while that can be mended. Of an order that
 * nobody knows only a person can tell: it was lost with a database, or the provider's account has other users.
 */
const ofStray = (
  mismatch: Mismatch,
  service: string,
  story: Story | undefined,
  now: DateTime.Utc
): ReadonlyArray<Finding> => {
  const { id, orderId, says } = mismatch
  const order = story?.order ?? null
  if (story === undefined || order === null) return [ofMismatch(mismatch, service)]
  if (order.askedAt === null || order.status === "Failed" || order.status === "Cancelled") {
    return [{
      id,
      orderId,
      says,
      remedy: { _tag: "Repair", service },
      does: `the order is ${order.status}: it goes back`
    }]
  }
  return story.payment === null && isRemembered({ ...story, now }) ? [] : [ofMismatch(mismatch, service)]
}
