import type { DateTime } from "effect"
import { ended } from "./endedOrders.ts"
import type { Finding } from "./Finding.ts"
import { absent, draft, pending, reserved } from "./openOrders.ts"
import { paid, shipped } from "./paidOrders.ts"
import type { Story } from "./Story.ts"
import type { Case, Rule } from "./Verdicts.ts"
import { isRemembered, restored } from "./Verdicts.ts"

type Status = NonNullable<Story["order"]>["status"]

const rules: Readonly<Record<Status, Rule>> = {
  Draft: draft,
  Reserved: reserved,
  PaymentPending: pending,
  Paid: paid,
  Shipped: shipped,
  Failed: ended,
  Cancelled: ended
}

/** What of an order's story does not agree; what is under way and will change by itself is nothing. */
export const judge = (story: Story, now: DateTime.Utc): ReadonlyArray<Finding> => {
  const one = { ...story, now }
  return (story.order === null ? absent : rules[story.order.status])(one).map(harmless(one))
}

/**
 * All that the order service said is said again together, the wish for a payment with it. A payment service that has lost the
 * payment would ask the provider again, and once that has forgotten the key, it would charge a second time.
 */
const harmless = (one: Case) => (finding: Finding): Finding => {
  const { remedy } = finding
  const isAskedAgain = remedy._tag === "SayAgain" && remedy.speakers.includes("order") && one.payment === null
  return isAskedAgain && (one.order?.askedAt ?? null) !== null && !isRemembered(one)
    ? { ...finding, remedy: { _tag: "Person" }, does: `${restored}; said again, it might be charged a second time` }
    : finding
}
