import { Schema } from "effect"
import type { Report } from "../Reconcile.ts"
import type { Told } from "./Finding.ts"

const Line = Schema.Struct({
  id: Schema.String,
  orderId: Schema.NullOr(Schema.String),
  says: Schema.String,
  outcome: Schema.String,
  does: Schema.String
})
const encodeReport = Schema.encodeSync(
  Schema.parseJson(Schema.Struct({ mismatches: Schema.Array(Line), unread: Schema.Array(Schema.String) }))
)

/** Nobody but a person can do something about it. */
export const isLeft = ({ outcome }: Told): boolean => outcome === "needs a person"

const lineOf = ({ does, id, orderId, outcome, says }: Told): string => {
  const order = orderId === null || id.includes(orderId) ? "" : ` of order ${orderId}`
  return `${outcome === "needs a person" ? "✘" : "✔"} ${id}${order}: ${says}. ${outcome}: ${does}.`
}

const countOf = (told: ReadonlyArray<Told>): string => {
  const left = told.filter(isLeft).length
  const done = told.length - left
  const dry = told.some(({ outcome }) => outcome === "would be repaired")
  return `${told.length} ${told.length === 1 ? "mismatch" : "mismatches"}: ${done} ${
    dry ? "would be" : ""
  } repaired, ` +
    `${left} for a person.`
}

/** A line for each mismatch, and how many there are. */
export const textOf = ({ told, unread }: Report): string =>
  [
    ...told.map(lineOf),
    ...unread.map((why) => `✘ not compared: ${why}`),
    told.length === 0 ? "No mismatch was found." : countOf(told).replace("  ", " ")
  ].join("\n")

/** The same for other programs. */
export const jsonOf = ({ told, unread }: Report): string => encodeReport({ mismatches: told, unread })
