import { CustomerId } from "@quartet/contracts/Ids"
import { DateTime, Duration, HashMap, Option, Schema } from "effect"
import type { State } from "./State.ts"

/** What a customer has under way with us, and what came to nothing lately, as far as the limits need it. */
export const Standing = Schema.Struct({
  customerId: CustomerId,
  /** Orders that are neither paid nor over. */
  openOrders: Schema.Int,
  /** Payments that were begun and came to nothing within the last hour. */
  failedPayments: Schema.Int,
  /** When the oldest of these came to nothing. */
  oldestFailure: Schema.OptionFromNullOr(Schema.DateTimeUtcFromDate)
})
export type Standing = typeof Standing.Type

/** The standings of those customers who place and pay orders in a batch. */
export type Standings = HashMap.HashMap<CustomerId, Standing>

/** How many of these a customer may have; 0 is any number. */
export interface Limits {
  readonly openOrders: number
  /** Within an hour. */
  readonly failedPayments: number
}

/** For so long a payment that came to nothing is counted. */
const remembered = Duration.hours(1)

/** Whether one more order would be too many. */
export const hasAllOrdersOpen = (standing: Option.Option<Standing>, { openOrders }: Limits): boolean =>
  openOrders > 0 && Option.exists(standing, (known) => known.openOrders >= openOrders)

/** How long a customer has to wait whose payments came to nothing too often; none for everybody else. */
export const pauseBeforePaying = (
  standing: Option.Option<Standing>,
  { failedPayments }: Limits,
  at: DateTime.Utc
): Option.Option<Duration.Duration> =>
  standing.pipe(
    Option.filter((known) => failedPayments > 0 && known.failedPayments >= failedPayments),
    Option.flatMap(({ oldestFailure }) => oldestFailure),
    Option.map((oldest) => DateTime.distanceDuration(at, DateTime.addDuration(oldest, remembered))),
    Option.map(Duration.max(Duration.seconds(1)))
  )

/** The standings after one order went from one state into another. */
export const after = (standings: Standings, before: State, order: State, at: DateTime.Utc): Standings => {
  if (order._tag === "Absent" || before._tag === order._tag) return standings
  const opened = Number(isOpen(order)) - Number(isOpen(before))
  const failed = Number(before._tag === "PaymentPending" && (order._tag === "Failed" || order._tag === "Cancelled"))
  return HashMap.modify(standings, order.customerId, (known) => ({
    ...known,
    openOrders: known.openOrders + opened,
    failedPayments: known.failedPayments + failed,
    oldestFailure: failed === 0 ? known.oldestFailure : Option.orElseSome(known.oldestFailure, () => at)
  }))
}

const isOpen = ({ _tag }: State): boolean => _tag === "Draft" || _tag === "Reserved" || _tag === "PaymentPending"
