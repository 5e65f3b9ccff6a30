import { format } from "@quartet/contracts/Money"
import type { HistoryEntry, OrderView } from "@quartet/contracts/OrderView"
import { DateTime } from "effect"

const signs: Readonly<Record<string, string>> = { Shipped: "✔", Failed: "✘", Cancelled: "✘" }

/** `OrderPlaced` reads "order placed". */
const inWords = (event: string): string => event.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()

const since = (first: DateTime.Utc, at: DateTime.Utc): string => {
  const milliseconds = DateTime.distance(first, at)
  return milliseconds < 1000 ? `+${milliseconds} ms` : `+${(milliseconds / 1000).toFixed(2)} s`
}

/** What happened to an order, a line for each step, as a person would tell it. */
export const timeline = (order: OrderView, entries: ReadonlyArray<HistoryEntry>): string => {
  const first = entries[0]
  if (first === undefined) return ""
  const lines = entries.map(({ actor, at, event, from, to }, index) => {
    const isLast = index === entries.length - 1
    const sign = isLast ? signs[to] ?? "●" : from === to ? "·" : "●"
    const when = index === 0 ? DateTime.formatIso(at).slice(11, 23) : since(first.at, at)
    return `     ${sign} ${to.padEnd(15)}${when.padStart(13)}   ${inWords(event)}, says ${actor}`
  })
  return [`     order ${order.id}, ${format(order.total)}`, ...lines].join("\n")
}
