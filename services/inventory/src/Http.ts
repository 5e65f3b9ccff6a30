import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Principal } from "@quartet/contracts/Authorization"
import type { Sku } from "@quartet/contracts/Ids"
import { invalidKey, keyInProgress, keyReused } from "@quartet/contracts/KeyProblems"
import * as Auth from "@quartet/hosting/Auth"
import { Correlation } from "@quartet/hosting/Correlation"
import * as IdempotencyKeyHeader from "@quartet/hosting/IdempotencyKeyHeader"
import { linked } from "@quartet/hosting/NextPage"
import * as Problem from "@quartet/hosting/Problem"
import type { Answer } from "@quartet/messaging/KeyClaim"
import type { Origin, Outcome } from "@quartet/messaging/Submission"
import * as Uuid from "@quartet/messaging/Uuid"
import { Cause, Effect, Layer, Match, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { InventoryActor } from "./Actor.ts"
import { InventoryApi, ReceiptRefused, StockNotFound } from "./Api.ts"
import { ReceiptId, Receive } from "./domain/Command.ts"
import type { InventoryRejection } from "./domain/Rejection.ts"
import type { Stock } from "./domain/State.ts"
import { available } from "./domain/State.ts"
import { InventoryViews, StockView } from "./Views.ts"

const operator = Auth.requireScope("operator")

const encodeLevel = Schema.encodeSync(Schema.parseJson(StockView))

/** The level that a receipt led to; who repeats the receipt is shown the same bytes. */
const answerOf = (level: Option.Option<Stock>): Answer => ({
  status: 201,
  headers: {},
  body: Option.match(level, {
    onNone: () => "",
    onSome: (stock) => {
      const { onHand, reserved, sku } = stock
      return encodeLevel({ sku, onHand, reserved, available: available(stock) })
    }
  })
})

const responseOf = ({ body, headers, status }: Answer) =>
  HttpServerResponse.text(body, { status, headers, contentType: "application/json" })

/** What makes two receipts the same request: the route, what is in its path and what is in its body. */
const fingerprintOf = ({ quantity, sku }: Receive): string =>
  createHash("sha256").update(`POST /stock/:sku/receipts\n${sku}\n${quantity}`).digest("hex")

const originOf = (owner: string, key: Option.Option<string>, command: Receive): Origin<Option.Option<Stock>> =>
  Option.match(key, {
    onNone: () => ({ _tag: "Request" }),
    onSome: (key) => ({
      _tag: "KeyedRequest",
      claim: { owner, key, fingerprint: fingerprintOf(command), open: Option.none() },
      answer: answerOf
    })
  })

const told = (outcome: Outcome<Option.Option<Stock>, InventoryRejection>) =>
  Match.valueTags(outcome, {
    Done: ({ answer, reply }) => Effect.succeed(responseOf(answer ?? answerOf(reply))),
    Replayed: ({ answer }) =>
      Effect.succeed(HttpServerResponse.setHeader(responseOf(answer), "idempotent-replayed", "true")),
    Refused: ({ rejection }) => Problem.fail(ReceiptRefused, rejection.message),
    KeyReused: () => Problem.fail(keyReused, "Send a new key with a new request."),
    KeyInProgress: () =>
      Effect.map(Correlation, (correlationId) =>
        Problem.toResponse(keyInProgress.make("Try again soon.", correlationId), { "retry-after": "1" })),
    Unavailable: ({ reason }) =>
      Effect.die(unavailable(reason)),
    Died: ({ cause }) =>
      Effect.die(Cause.squash(cause)),
    Duplicate: () => Effect.dieMessage("A request has no message id to be a duplicate by."),
    IdReused: () => Effect.dieMessage("A request has no message id to be a duplicate by."),
    TooEarly: ({ reason }) => Effect.dieMessage(`A receipt cannot come too early: ${reason}`)
  })

const unavailable = (detail: string) =>
  new Problem.Refused({
    name: "unavailable",
    detail,
    headers: { "retry-after": "1" }
  })

const receive = Effect.fn("InventoryApi.receive")(function*(
  sku: Sku,
  quantity: number,
  request: HttpServerRequest.HttpServerRequest
) {
  yield* operator
  const key = yield* Effect.catchTag(
    IdempotencyKeyHeader.read(request),
    "InvalidKey",
    ({ detail }) => Problem.fail(invalidKey, detail)
  )
  const actor = yield* InventoryActor
  const { subject } = yield* Principal
  const correlationId = yield* Correlation
  const command = Receive.make({ sku, quantity, receiptId: ReceiptId.make(Uuid.fresh()) })
  const outcome = yield* actor.ask({
    command,
    by: subject,
    origin: originOf(subject, key, command),
    lineage: { causationId: correlationId, correlationId }
  })
  return yield* told(outcome)
})

/** One row more than the page shows whether there is another page. */
const page = <Row>(rows: ReadonlyArray<Row>, limit: number, placeOf: (row: Row) => string) => {
  const items = rows.slice(0, limit)
  const last = items[items.length - 1]
  return { items, ...(rows.length > limit && last !== undefined ? { nextCursor: placeOf(last) } : {}) }
}

// A look-up that meets an outage dies of it: the edge knows a `SqlError` and answers 503.
const level = Effect.fn("InventoryApi.level")(function*(sku: Sku) {
  const views = yield* InventoryViews
  const found = yield* Effect.orDie(views.find(sku))
  return yield* Option.match(found, {
    onNone: () => Problem.fail(StockNotFound, `Nothing was ever received of ${sku}.`),
    onSome: (stock) => Effect.succeed(stock)
  })
})

const list = Effect.fn("InventoryApi.list")(function*(cursor: Sku | undefined, limit: number) {
  const views = yield* InventoryViews
  const rows = yield* Effect.orDie(views.list({ after: Option.fromNullable(cursor), limit: limit + 1 }))
  return yield* linked(page(rows, limit, (row) => row.sku))
})

const movements = Effect.fn("InventoryApi.movements")(
  function*(sku: Sku, cursor: string | undefined, limit: number) {
    yield* level(sku)
    const views = yield* InventoryViews
    const rows = yield* Effect.orDie(views.movements(sku, { after: Option.fromNullable(cursor), limit: limit + 1 }))
    return yield* linked(page(rows, limit, (row) => row.seq))
  }
)

/** Which command, or which look-up, is this request? */
export const api = HttpApiBuilder.api(InventoryApi).pipe(
  Layer.provide(HttpApiBuilder.group(InventoryApi, "stock", (stock) =>
    stock
      .handle("list", ({ urlParams: { cursor, limit } }) => Effect.zipRight(operator, list(cursor, limit)))
      .handle("level", ({ path: { sku } }) => Effect.zipRight(operator, level(sku)))
      .handle("movements", ({ path: { sku }, urlParams: { cursor, limit } }) =>
        Effect.zipRight(operator, movements(sku, cursor, limit)))
      .handle("receive", ({ path: { sku }, payload: { quantity }, request }) =>
        receive(sku, quantity, request)))),
  Layer.provide(Auth.authorization)
)
