import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import type { ParseOptions } from "effect/SchemaAST"
import { asServed } from "./ApiDescription.ts"
import { Authorization } from "./Authorization.ts"
import * as Edge from "./EdgeRefusals.ts"
import { PaymentMethodId } from "./Ids.ts"
import { invalidKey, keyInProgress, keyReused } from "./KeyProblems.ts"
import { WantedLines } from "./Lines.ts"
import { ListQuery } from "./ListQuery.ts"
import * as Problems from "./OrderProblems.ts"
import { HistoryEntry, OrderChange, OrderSummary, OrderView, ProductView } from "./OrderView.ts"
import { Cursor, Limit, page } from "./Page.ts"

const parseOptions: ParseOptions = { onExcessProperty: "error" }

/** What a customer says to order; names, prices and everything else are ours. */
export const PlaceOrder = Schema.Struct({ lines: WantedLines }).annotations({ identifier: "PlaceOrder", parseOptions })

/** What a customer says to pay: a payment method's id at the provider, never a card number. */
export const PayOrder = Schema.Struct({ paymentMethodId: PaymentMethodId }).annotations({
  identifier: "PayOrder",
  parseOptions
})

const inPages = Schema.Struct({ cursor: Schema.optional(Cursor), limit: Limit })

const prefer = Schema.optional(Schema.String.annotations({
  description: "`wait=N` holds the answer for up to N seconds, 30 at most, until the order settles (RFC 7240)"
}))
const key = Schema.String.annotations({
  description:
    "1 to 255 printable ASCII characters, quoted or not; a repeated request gets its first answer for 24 hours"
})
const perhapsKeyed = Schema.Struct({ "idempotency-key": Schema.optional(key), prefer })
/** What is sent with a request that moves money: it is done once for each key, and not at all without one. */
export const keyed = Schema.Struct({ "idempotency-key": key, prefer })

// Any text is taken for an id: one that cannot be an order's is as unknown as one that is not.
const id = HttpApiSchema.param("id", Schema.String)

const place = HttpApiEndpoint.post("place", "/orders")
  .setHeaders(perhapsKeyed)
  .setPayload(PlaceOrder)
  .addSuccess(OrderView, { status: 201 })
  .addError(Problems.tooManyOpenOrders.schema)
  .addError(Problems.unknownProduct.schema)
  .addError(Problems.quantityTooLarge.schema)
  .addError(Problems.tooManyLines.schema)
  .addError(Problems.mixedCurrencies.schema)
  .addError(Problems.totalNotChargeable.schema)
  .addError(invalidKey.schema)
  .addError(keyReused.schema)
  .addError(keyInProgress.schema)
  .annotate(OpenApi.Summary, "Place an order")
  .annotate(OpenApi.Description, "Places an order. Lines of one SKU are added up. Without a key, twice is two orders.")

const pay = HttpApiEndpoint.post("pay")`/orders/${id}/pay`
  .setHeaders(keyed)
  .setPayload(PayOrder)
  .addSuccess(OrderView, { status: 202 })
  .addSuccess(OrderView)
  .addError(Problems.notFound.schema)
  .addError(Problems.notReserved.schema)
  .addError(Problems.paymentInProgress.schema)
  .addError(Problems.orderFailed.schema)
  .addError(Problems.orderCancelled.schema)
  .addError(Problems.tooManyFailedPayments.schema)
  .addError(invalidKey.schema)
  .addError(keyReused.schema)
  .addError(keyInProgress.schema)
  .annotate(OpenApi.Summary, "Pay an order")
  .annotate(OpenApi.Description, "Pays an order, once. 202 while it is under way; 200 is decided: see the status.")

const cancel = HttpApiEndpoint.post("cancel")`/orders/${id}/cancel`
  .setHeaders(perhapsKeyed)
  .addSuccess(OrderView)
  .addSuccess(OrderView, { status: 202 })
  .addError(Problems.notFound.schema)
  .addError(Problems.orderShipped.schema)
  .addError(Problems.orderFailed.schema)
  .addError(invalidKey.schema)
  .addError(keyReused.schema)
  .addError(keyInProgress.schema)
  .annotate(OpenApi.Summary, "Cancel an order")
  .annotate(OpenApi.Description, "Cancels an order. 202 while the warehouse decides whether a paid one can be stopped.")

const get = HttpApiEndpoint.get("get")`/orders/${id}`
  .setHeaders(Schema.Struct({ "if-none-match": Schema.optional(Schema.String), prefer }))
  .addSuccess(OrderView)
  .addSuccess(HttpApiSchema.Empty(304).annotations({ description: "It is still the version in `If-None-Match`" }))
  .addError(Problems.notFound.schema)
  .annotate(OpenApi.Summary, "Read an order")
  .annotate(OpenApi.Description, "One of your orders, as it is now. Its version is its `ETag`.")

const history = HttpApiEndpoint.get("history")`/orders/${id}/history`
  .setUrlParams(inPages)
  .addSuccess(page(HistoryEntry))
  .addError(Problems.notFound.schema)
  .annotate(OpenApi.Summary, "Read the history of an order")
  .annotate(OpenApi.Description, "Everything that happened to one of your orders, oldest first.")

/** The version that a client was told of last; the clients of streams send it by themselves when they come back. */
const LastEventId = Schema.compose(Schema.String.pipe(Schema.pattern(/^\d{1,10}$/)), Schema.NumberFromString).pipe(
  Schema.between(0, 2 ** 31 - 1, {
    description: "the `id` of an event: a version of the order",
    jsonSchema: { type: "integer", minimum: 0, maximum: 2 ** 31 - 1 }
  })
)

const events = HttpApiEndpoint.get("events")`/orders/${id}/events`
  .setHeaders(Schema.Struct({ "last-event-id": Schema.optional(LastEventId) }))
  .addSuccess(
    Schema.parseJson(OrderChange).pipe(
      HttpApiSchema.withEncoding({ kind: "Text", contentType: "text/event-stream" })
    ).annotations({
      description:
        "One event for each change: `id` is the order's version, `event` is `order`, and `data` is this as JSON"
    })
  )
  .addSuccess(HttpApiSchema.Empty(204).annotations({ description: "The order is over, and its last event was told" }))
  .addError(Problems.notFound.schema)
  .addError(Problems.unknownVersion.schema)
  .addError(Problems.tooManyStreams.schema)
  .annotate(OpenApi.Summary, "Follow an order")
  .annotate(
    OpenApi.Description,
    "Everything that happened to one of your orders and, as it happens, whatever follows: server-sent events (WHATWG HTML, 9.2). After `Last-Event-ID` it goes on without a gap. It ends when the order is over, and whenever the service has to: come back then."
  )

const list = HttpApiEndpoint.get("list", "/orders")
  .setUrlParams(ListQuery)
  .addSuccess(page(OrderSummary))
  .annotate(OpenApi.Summary, "List your orders")
  .annotate(
    OpenApi.Description,
    "Your orders, newest first, of one status or placed in an interval if you like: from `placedAfter` on and before `placedBefore`. The list follows the orders and may lag behind them. A cursor goes on with the filters of its page and no others."
  )

const orders = HttpApiGroup.make("orders")
  .annotate(OpenApi.Description, "A customer's own orders. Somebody else's cannot be told from one that there is not.")
  .add(place)
  .add(pay)
  .add(cancel)
  .add(get)
  .add(history)
  .add(events)
  .add(list)
  .middleware(Authorization)

const products = HttpApiGroup.make("products")
  .annotate(OpenApi.Description, "The price list.")
  .add(
    HttpApiEndpoint.get("list", "/products")
      .setUrlParams(inPages)
      .addSuccess(page(ProductView))
      .annotate(OpenApi.Summary, "List the products")
      .annotate(OpenApi.Description, "What is sold, and at what price, in the order of its SKU. Needs no token.")
  )

/** What may be asked over HTTP. */
export const OrderApi = HttpApi.make("order").add(orders).add(products)
  .addError(Edge.invalidRequest.schema)
  .addError(Edge.malformedRequest.schema)
  .addError(Edge.malformedBody.schema)
  .addError(Edge.cardNumber.schema)
  .addError(Edge.contentTooLarge.schema)
  .addError(Edge.tooManyRequests.schema)
  .addError(Edge.internalError.schema)
  .addError(Edge.unavailable.schema)
  .addError(Edge.stopping.schema)
  .annotate(OpenApi.Title, "Quartet: orders")
  .annotate(OpenApi.Version, "1.0.0")
  .annotate(
    OpenApi.Description,
    "Customers place, pay and cancel orders. Amounts are minor units of their currency. Every refusal is a problem document (RFC 9457) whose `type` is stable. A page that is not the last has a `Link` to the next with `rel=\"next\"` (RFC 8288). Fields that are not known are refused. `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` say how many more requests you may send at once; beyond them it is 429 with `Retry-After`."
  )
  .annotate(OpenApi.Transform, asServed)
