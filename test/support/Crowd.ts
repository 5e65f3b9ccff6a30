import { Effect, Option, Schedule, Schema } from "effect"
import type * as Customer from "quartet/demo/Customer"
import type { Ask } from "quartet/Shop"
import { ask } from "quartet/Shop"
import { v7 } from "uuid"
import { oneOf } from "./Chance.ts"
import { newCustomer, NotAsWished } from "./Shop.ts"

/** One request with a key and the first answer that was not "ask again". */
export interface Deed {
  readonly request: Ask
  readonly status: number
  readonly body: string
}

/** What a crowd lived through. It grows while it orders. */
export interface Diary {
  readonly deeds: Array<Deed>
  readonly customers: Array<Customer.Customer>
  /** Orders that were followed to their end, and how they ended. */
  readonly ended: Map<string, string>
  /** Requests that broke off unanswered, and answers that said to come back, by status. */
  readonly broken: Array<string>
  readonly later: Array<{ readonly status: number; readonly type: string; readonly body: string }>
  /** What no customer should ever see. */
  readonly shocking: Array<string>
}

export const newDiary = (): Diary => ({
  deeds: [],
  customers: [],
  ended: new Map(),
  broken: [],
  later: [],
  shocking: []
})

const final = new Set(["Shipped", "Failed", "Cancelled"])
const Seen = Schema.parseJson(Schema.Struct({ id: Schema.String, status: Schema.String, version: Schema.Int }))

/** Time for what is away to come back. */
const patience = Schedule.spaced("60 millis").pipe(Schedule.upTo("50 seconds"))

/** Asks until there is an answer that is not "ask again", as a customer's software would: the same request, the same key. */
const insist = Effect.fn("Crowd.insist")(function*(diary: Diary, request: Ask) {
  const once = Effect.gen(function*() {
    const response = yield* ask(request)
    return { status: response.status, headers: response.headers, body: yield* response.text }
  }).pipe(
    Effect.timeout("20 seconds"),
    Effect.catchAll((error) => Effect.sync(() => void diary.broken.push(error._tag)))
  )
  const answer = yield* once.pipe(
    Effect.map((answer) => {
      if (answer === undefined) return Option.none()
      const { body, headers, status } = answer
      const isLater = status === 503 || (status === 409 && headers["retry-after"] !== undefined)
      if (isLater) diary.later.push({ status, type: headers["content-type"] ?? "", body })
      if (status >= 500 && status !== 503) diary.shocking.push(`${request.method} ${request.url}: ${status} ${body}`)
      return isLater || status >= 500 ? Option.none() : Option.some({ status, body })
    }),
    Effect.repeat({
      schedule: Schedule.zipRight(patience, Schedule.identity<Option.Option<Reply>>()),
      until: Option.isSome
    })
  )
  return yield* Option.match(answer, {
    onNone: () => new NotAsWished({ seen: `${request.method} ${request.url} was never answered` }),
    onSome: Effect.succeed
  })
})

interface Reply {
  readonly status: number
  readonly body: string
}

const deed = (diary: Diary, { token, url }: Customer.Customer, path: string, body?: unknown) => {
  const request: Ask = {
    method: "POST",
    url: `${url}${path}`,
    token,
    headers: { "Idempotency-Key": v7() },
    ...(body === undefined ? {} : { body })
  }
  return Effect.tap(
    insist(diary, request),
    ({ body, status }) => Effect.sync(() => void diary.deeds.push({ request, status, body }))
  )
}

/** Looks at the order until it is as wished; what was seen once is never older the next time (H42). */
const follow = Effect.fn("Crowd.follow")(
  function*(diary: Diary, { token, url }: Customer.Customer, id: string, wished: (status: string) => boolean) {
    let newest = 0
    const look = Effect.gen(function*() {
      const { body } = yield* insist(diary, { method: "GET", url: `${url}/orders/${id}`, token })
      const seen = yield* Schema.decode(Seen)(body)
      if (seen.version < newest) diary.shocking.push(`order ${id} was at ${newest}, then at ${seen.version}`)
      newest = seen.version
      return seen.status
    })
    return yield* look.pipe(
      Effect.filterOrFail((status) => wished(status) || final.has(status), (seen) => new NotAsWished({ seen })),
      Effect.retry(patience)
    )
  }
)

/** One visit: an order is placed and paid, or not, and followed to its end. */
const visit = Effect.fn("Crowd.visit")(function*(diary: Diary, customer: Customer.Customer, sku: string) {
  const plan = yield* oneOf("pay", "pay", "pay", "pay", "decline", "cancel", "cancel at once", "pay and cancel")
  const placed = yield* deed(diary, customer, "/orders", { lines: [{ sku, quantity: 1 }] })
  const { id } = yield* Schema.decode(Seen)(placed.body)
  if (plan !== "cancel at once") yield* follow(diary, customer, id, (status) => status === "Reserved")
  if (plan === "pay" || plan === "decline" || plan === "pay and cancel") {
    const card = plan === "decline" ? "pm_card_visa_chargeDeclined" : "pm_card_visa"
    yield* deed(diary, customer, `/orders/${id}/pay`, { paymentMethodId: card })
  }
  if (plan !== "pay" && plan !== "decline") yield* deed(diary, customer, `/orders/${id}/cancel`)
  diary.ended.set(id, yield* follow(diary, customer, id, () => false))
})

/** So many customers who order one after the other as long as they may; what they have begun they bring to its end. */
export const crowd = Effect.fn("Crowd.crowd")(
  function*(diary: Diary, sku: string, size: number, goesOn: Effect.Effect<boolean>) {
    const customer = Effect.tap(newCustomer, (one) => Effect.sync(() => void diary.customers.push(one)))
    const visits = Effect.flatMap(customer, (one) => Effect.repeat(visit(diary, one, sku), { while: () => goesOn }))
    yield* Effect.all(Array.from({ length: size }, () => visits), { concurrency: "unbounded", discard: true })
  }
)

/** Sends every request of the diary once more; tells those that are answered otherwise than the first time (H01, G17). */
export const changedAnswers = Effect.fn("Crowd.changedAnswers")(function*(diary: Diary) {
  const again = yield* Effect.forEach(
    diary.deeds,
    (deed) => Effect.map(insist(diary, deed.request), (answer) => ({ deed, answer })),
    { concurrency: 4 }
  )
  return again.flatMap(({ answer, deed }) =>
    answer.status === deed.status && comparable(answer.body) === comparable(deed.body)
      ? []
      : [`${deed.request.url}: first ${deed.status} ${deed.body}, then ${answer.status} ${answer.body}`]
  )
})

/** A refusal is decided again and quotes its own request. */
const comparable = (body: string): string => body.replace(/,"correlationId":"[^"]*"/, "")
