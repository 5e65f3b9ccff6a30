import type { DateTime } from "effect"
import { ended } from "./endedOrders.ts"
import type { Finding } from "./Finding.ts"
import { absent, draft, pending, reserved } from "./openOrders.ts"
import { paid, shipped } from "./paidOrders.ts"
import type { Story } from "./Story.ts"
import type { Rule } from "./Verdicts.ts"

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
export const judge = (story: Story, now: DateTime.Utc): ReadonlyArray<Finding> =>
  (story.order === null ? absent : rules[story.order.status])({ ...story, now })
