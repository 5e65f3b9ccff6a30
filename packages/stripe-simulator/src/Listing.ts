import { Either } from "effect"
import type { Tables } from "./Decision.ts"
import * as Form from "./Form.ts"
import * as Params from "./Params.ts"
import { type IntentRecord, statusOf } from "./PaymentIntent.ts"
import type { RefundRecord } from "./Refund.ts"
import type { ObjectRecord } from "./StripeObject.ts"
import { invalid, missing, type WireError } from "./WireError.ts"

/** One page, newest first. */
export interface Slice {
  readonly records: ReadonlyArray<ObjectRecord>
  readonly hasMore: boolean
}

/** `GET /v1/payment_intents`, optionally of one customer or from a time on. */
export const intents = (tables: Tables, form: Form.Form): Either.Either<Slice, WireError> =>
  Either.gen(function*() {
    yield* Params.accept(form, intentParameters)
    const customer = Form.get(form, "customer")
    const isWithin = yield* span(form)
    return yield* slice(tables.intents, form, "payment_intent", (intent) =>
      (customer === undefined || intent.customer === customer) && isWithin(intent))
  })

/** `GET /v1/refunds`, optionally of one charge or intent, or from a time on. */
export const refunds = (tables: Tables, form: Form.Form): Either.Either<Slice, WireError> =>
  Either.gen(function*() {
    yield* Params.accept(form, refundParameters)
    const charge = Form.get(form, "charge")
    const intent = Form.get(form, "payment_intent")
    const isWithin = yield* span(form)
    return yield* slice(tables.refunds, form, "refund", (refund: RefundRecord) =>
      (charge === undefined || refund.charge === charge) && (intent === undefined || refund.intent === intent) &&
      isWithin(refund))
  })

/**
 * `GET /v1/payment_intents/search` for clauses `field:"value"` joined by AND, over `status`, `currency`, `customer` and
 * `metadata["key"]`. Stripe's own index lags by up to a minute; this one does not.
 */
export const search = (tables: Tables, form: Form.Form): Either.Either<Slice, WireError> =>
  Either.gen(function*() {
    yield* Params.accept(form, searchParameters)
    const query = yield* Params.required(form, "query")
    const clauses = yield* Either.all(query.split(/\s+AND\s+/).map(clauseOf))
    return yield* slice(tables.intents, form, "payment_intent", (intent) => clauses.every((holds) => holds(intent)))
  })

const intentParameters: ReadonlySet<string> = new Set([
  "created[gte]",
  "created[lte]",
  "customer",
  "expand[*]",
  "limit",
  "starting_after"
])

const refundParameters: ReadonlySet<string> = new Set([
  "charge",
  "created[gte]",
  "created[lte]",
  "expand[*]",
  "limit",
  "payment_intent",
  "starting_after"
])

const searchParameters: ReadonlySet<string> = new Set(["expand[*]", "limit", "query"])

/** Both ends count, where they are given. */
const span = (form: Form.Form): Params.Read<(record: { readonly created: number }) => boolean> =>
  Either.gen(function*() {
    const after = yield* wholeNumber(form, "created[gte]")
    const before = yield* wholeNumber(form, "created[lte]")
    return ({ created }) => (after === undefined || created >= after) && (before === undefined || created <= before)
  })

const slice = <A extends ObjectRecord>(
  table: ReadonlyMap<string, A>,
  form: Form.Form,
  noun: string,
  keep: (record: A) => boolean
): Either.Either<Slice, WireError> =>
  Either.gen(function*() {
    const limit = (yield* wholeNumber(form, "limit")) ?? 10
    if (limit < 1 || limit > 100) {
      return yield* Either.left(invalid("The limit must be between 1 and 100.", {
        code: "parameter_invalid_integer",
        param: "limit"
      }))
    }
    const newestFirst = [...table.values()].toReversed()
    const cursor = Form.get(form, "starting_after")
    if (cursor !== undefined && !table.has(cursor)) {
      return yield* Either.left(missing(noun, cursor, "starting_after", 400))
    }
    const start = cursor === undefined ? 0 : newestFirst.findIndex((record) => record.id === cursor) + 1
    const matching = newestFirst.slice(start).filter(keep)
    return { records: matching.slice(0, limit), hasMore: matching.length > limit }
  })

const wholeNumber = (form: Form.Form, name: string): Params.Read<number | undefined> => {
  const text = Form.get(form, name)
  return text === undefined ? Either.right(undefined) : Params.positive(name, text)
}

const clauseOf = (text: string): Either.Either<(intent: IntentRecord) => boolean, WireError> => {
  const [, field, key, value] =
    /^(status|currency|customer|metadata\[["'](.+)["']\]):["'](.*)["']$/.exec(text.trim()) ??
      []
  if (field === undefined || value === undefined) {
    return Either.left(invalid(`We were unable to parse your search query: ${text}`, { param: "query" }))
  }
  return Either.right((intent) => {
    switch (field) {
      case "status":
        return statusOf(intent) === value
      case "currency":
        return intent.currency === value.toLowerCase()
      case "customer":
        return intent.customer === value
      default:
        return key !== undefined && intent.metadata[key] === value
    }
  })
}
