import { Schema } from "effect"
import type { AccountShown } from "./Account.ts"
import * as Account from "./Account.ts"
import { ObjectRecord, toStripe } from "./StripeObject.ts"
import { toBody, WireError } from "./WireError.ts"

/** One object, with some of its ids replaced by the objects themselves. */
export const Shown = Schema.TaggedStruct("Shown", {
  root: ObjectRecord,
  expanded: Schema.Record({ key: Schema.String, value: ObjectRecord })
})
export type Shown = typeof Shown.Type

/**
 * What a call answers, kept as records rather than as text: a snapshot costs little beyond the records it shares with the ledger, and
 * rendering it again yields the same bytes.
 */
export const Reply = Schema.Union(Shown, WireError)
export type Reply = typeof Reply.Type

/** A page of a list or a search. Only reads answer one, so it is never kept. */
export interface Page {
  readonly _tag: "Page"
  readonly object: "list" | "search_result"
  readonly url: string
  readonly items: ReadonlyArray<Shown>
  readonly hasMore: boolean
}

/** What no key keeps. */
export type Unkept = Page | AccountShown

export const statusOf = (reply: Reply | Unkept): number => reply._tag === "WireError" ? reply.status : 200

/** The exact body. */
export const render = (reply: Reply | Unkept): string => toJson(bodyOf(reply))

export const toJson = Schema.encodeSync(Schema.parseJson(Schema.Unknown))

const bodyOf = (reply: Reply | Unkept): unknown => {
  switch (reply._tag) {
    case "Shown":
      return shownBody(reply)
    case "WireError":
      return toBody(reply)
    case "Account":
      return Account.toStripe()
    case "Page":
      return {
        object: reply.object,
        data: reply.items.map(shownBody),
        has_more: reply.hasMore,
        ...(reply.object === "search_result" ? { next_page: null } : {}),
        url: reply.url
      }
  }
}

const shownBody = ({ expanded, root }: Shown): object => ({
  ...toStripe(root),
  ...Object.fromEntries(Object.entries(expanded).map(([property, record]) => [property, toStripe(record)]))
})
