import { HttpApiBuilder, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { tooManyRequests } from "@quartet/contracts/EdgeRefusals"
import { newOrderId, OrderId, Sku } from "@quartet/contracts/Ids"
import { OrderApi, PayOrder, PlaceOrder } from "@quartet/contracts/OrderApi"
import * as Problems from "@quartet/contracts/OrderProblems"
import { usualLimit } from "@quartet/contracts/Page"
import * as Auth from "@quartet/hosting/Auth"
import { linked } from "@quartet/hosting/NextPage"
import * as Problem from "@quartet/hosting/Problem"
import { Effect, Either, Layer, Option, Schema } from "effect"
import * as Answers from "./Answers.ts"
import { ask, awaited } from "./Asking.ts"
import { body, customer, manner, noBody } from "./Customer.ts"
import { Cancel, Pay, Place } from "./domain/Command.ts"
import type { Order } from "./domain/State.ts"
import { isUnderWay } from "./domain/State.ts"
import { isOver } from "./EventStream.ts"
import { EventStreams } from "./EventStreams.ts"
import { beginningOf, ListCursor, nameOf } from "./ListQuery.ts"
import { beginning, cursor, pageOf } from "./Page.ts"
import * as Preference from "./Preference.ts"
import { PriceList } from "./PriceList.ts"
import { reachable } from "./Reachable.ts"
import * as Refusals from "./Refusals.ts"
import { OrderViews } from "./Views.ts"
import * as Waits from "./Waits.ts"

const orders = HttpApiBuilder.group(OrderApi, "orders", (handlers) =>
  handlers
    .handleRaw("place", () => reachable(place))
    .handleRaw("pay", ({ path: { id } }) => reachable(pay(id)))
    .handleRaw("cancel", ({ path: { id } }) => reachable(cancel(id)))
    .handleRaw("get", ({ path: { id } }) => reachable(get(id)))
    .handle("history", ({ path: { id }, urlParams: { limit = usualLimit, ...asked } }) =>
      reachable(Effect.gen(function*() {
        const after = (yield* historyAfter(asked)) ?? 0
        const { orderId } = yield* ownOrder(id)
        const found = yield* (yield* OrderViews).history({ orderId, after, limit: limit + 1 })
        return yield* linked(pageOf(found, limit, encodeHistoryCursor, ({ version }) =>
          version))
      })))
    .handleRaw("events", ({ headers, path: { id } }) =>
      reachable(events(id, headers["last-event-id"] ?? 0)))
    .handle("list", ({ urlParams: { cursor, limit = usualLimit, ...filters } }) =>
      reachable(Effect.gen(function*() {
        const after = (yield* beginningOf(filters, cursor)) ?? null
        const { placedAfter = null, placedBefore = null, status = null } = filters
        const selection = { customerId: yield* customer, status, placedAfter, placedBefore, after, limit: limit + 1 }
        const found = yield* (yield* OrderViews).list(selection)
        const of = nameOf(filters)
        return yield* linked(pageOf(found, limit, encodeListCursor, ({ id, placedAt }) => ({ id, placedAt, of })))
      }))))

const products = HttpApiBuilder.group(OrderApi, "products", (handlers) =>
  handlers
    .handle("list", ({ urlParams: { limit = usualLimit, ...asked } }) =>
      reachable(Effect.gen(function*() {
        const after = (yield* productsAfter(asked)) ?? null
        const found = yield* (yield* PriceList).list({ after, limit: limit + 1 })
        return yield* linked(pageOf(found, limit, encodeProductCursor, ({ sku }) => sku))
      }))))

/** Where an order's history goes on: after that version. */
const HistoryCursor = cursor(Schema.Int.pipe(Schema.between(0, 2 ** 31 - 1)))
const ProductCursor = cursor(Sku)
const historyAfter = beginning(HistoryCursor)
const productsAfter = beginning(ProductCursor)

const encodeListCursor = Schema.encodeSync(ListCursor)
const encodeHistoryCursor = Schema.encodeSync(HistoryCursor)
const encodeProductCursor = Schema.encodeSync(ProductCursor)

// Bodies are read in these and not by the API: a repeated request is known by its body, and answered in bytes.
const placeOrder = body(PlaceOrder)
const payOrder = body(PayOrder)

const place = Effect.gen(function*() {
  const customerId = yield* customer
  const { payload: { lines }, text } = yield* placeOrder
  const asked = yield* manner("/orders", [], text)
  const command = Place.make({ orderId: yield* newOrderId, customerId, lines })
  const settled = ({ _tag }: Order) => _tag !== "Draft"
  return yield* ask({ command, owner: customerId, ...asked, settled, answer: Answers.placed })
})

const pay = Effect.fnUntraced(function*(id: string) {
  const customerId = yield* customer
  const { payload: { paymentMethodId }, text } = yield* payOrder
  const asked = yield* manner("/orders/{id}/pay", [id], text)
  const command = Pay.make({ orderId: yield* orderIdOf(id), customerId, paymentMethodId })
  const settled = (order: Order) => order._tag !== "PaymentPending" || Option.isSome(order.nextAction)
  return yield* ask({ command, owner: customerId, ...asked, settled, answer: Answers.payment })
})

const cancel = Effect.fnUntraced(function*(id: string) {
  const customerId = yield* customer
  yield* noBody
  const asked = yield* manner("/orders/{id}/cancel", [id], () => "")
  const command = Cancel.make({ orderId: yield* orderIdOf(id), customerId })
  const settled = ({ _tag }: Order) => _tag !== "Paid"
  return yield* ask({ command, owner: customerId, ...asked, settled, answer: Answers.cancellation })
})

const get = Effect.fnUntraced(function*(id: string) {
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  const wait = Preference.wait(headers["prefer"])
  const first = yield* ownOrder(id)
  const settled = (order: Order) => !isUnderWay(order)
  const { granted, order } = yield* awaited(first, { owner: first.customerId, wait, settled })
  if (!Answers.isKnown(headers["if-none-match"], order)) {
    return Answers.toResponse(Answers.order(order), Preference.applied(granted))
  }
  return HttpServerResponse.empty({ status: 304, headers: { ...Answers.known(order), ...Preference.applied(granted) } })
})

const events = Effect.fnUntraced(function*(id: string, after: number) {
  const order = yield* ownOrder(id)
  if (after > order.version) {
    return yield* Problem.fail(Problems.unknownVersion, "`Last-Event-ID` is ahead of the order.")
  }
  // The one answer that keeps a client from coming back.
  if (after === order.version && isOver(order)) return HttpServerResponse.empty({ status: 204 })
  return yield* Either.match(yield* (yield* EventStreams).open(order, after), {
    onLeft: (crowd) =>
      crowd === "all"
        ? Refusals.answer(Problems.tooManyStreams, "Ask again shortly.", { retryAfterSeconds: 1 })
        : Refusals.answer(tooManyRequests, "Close one of your streams first.", { retryAfterSeconds: 1 }),
    onRight: (body) =>
      Effect.succeed(HttpServerResponse.raw(body, { contentType: "text/event-stream", headers: unbuffered }))
  })
})

/** The edge adds `Cache-Control: no-store`; this one is for proxies that gather what they pass on. */
const unbuffered = { "x-accel-buffering": "no" }

/** The order, if it is there and the caller's: of anybody else's there is no more to see than of none. */
const ownOrder = Effect.fnUntraced(function*(id: string) {
  const customerId = yield* customer
  const found = yield* (yield* OrderViews).order(yield* orderIdOf(id))
  return yield* Option.match(Option.filter(found, (order) => order.customerId === customerId), {
    onNone: () => noSuchOrder,
    onSome: Effect.succeed
  })
})

const orderIdOf = (id: string) =>
  Option.match(Schema.decodeOption(OrderId)(id), { onNone: () => noSuchOrder, onSome: Effect.succeed })

const noSuchOrder = Problem.fail(Problems.notFound, "There is no such order.")

/** The API with everything but what its handlers share with the rest of the service. */
export const api = HttpApiBuilder.api(OrderApi).pipe(
  Layer.provide([orders, products]),
  Layer.provide(Waits.layer),
  Layer.provide(Auth.authorization)
)
