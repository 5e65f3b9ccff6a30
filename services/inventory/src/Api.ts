import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { asServed } from "@quartet/contracts/ApiDescription"
import { Authorization, forbidden } from "@quartet/contracts/Authorization"
import { noCardNumber } from "@quartet/contracts/CardNumber"
import { Sku } from "@quartet/contracts/Ids"
import { invalidKey, keyInProgress, keyReused } from "@quartet/contracts/KeyProblems"
import * as Problem from "@quartet/contracts/Problem"
import { Schema } from "effect"
import { ReceiptQuantity } from "./domain/Command.ts"
import { MovementView, StockView } from "./Views.ts"

export const StockNotFound = Problem.define({
  name: "stock-not-found",
  status: 404,
  title: "No such stock",
  means: "Nothing was ever received of this SKU.",
  advice: "Compare the SKU with those of `GET /stock`, or record a receipt, which begins it."
})
export const ReceiptRefused = Problem.define({
  name: "receipt-too-large",
  status: 422,
  title: "The receipt cannot be counted",
  means: "With this receipt there would be more of the SKU than can be counted.",
  advice: "Compare the quantity with the delivery."
})
/** What a reader is told of each problem. */
export const problems = [StockNotFound, ReceiptRefused].map(({ page }) => page)

const Path = Schema.Struct({ sku: Sku })

const limit = Schema.optionalWith(Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 200)), {
  default: () => 50
})

/** A page, and where the next one begins; without `nextCursor` it is the last. */
const pageOf = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({ items: Schema.Array(item), nextCursor: Schema.optional(Schema.String) })

/** What arrived; a SKU that is not known yet begins with it. */
export const Receipt = Schema.Struct({ quantity: ReceiptQuantity }).annotations({
  parseOptions: { onExcessProperty: "error" }
})

/** What operators may ask of the inventory. */
export const InventoryApi = HttpApi.make("inventory").add(
  HttpApiGroup.make("stock")
    .annotate(OpenApi.Description, "What there is of each SKU, and how it came to be so.")
    .add(
      HttpApiEndpoint.get("list", "/stock")
        .setUrlParams(Schema.Struct({ cursor: Schema.optional(Sku), limit }))
        .addSuccess(pageOf(StockView))
        .annotate(OpenApi.Summary, "List stock levels")
        .annotate(OpenApi.Description, "What there is of each SKU, in the order of SKUs, a page at a time.")
    )
    .add(
      HttpApiEndpoint.get("level", "/stock/:sku")
        .setPath(Path)
        .addSuccess(StockView)
        .addError(StockNotFound.schema)
        .annotate(OpenApi.Summary, "Read the stock level of a SKU")
        .annotate(OpenApi.Description, "What is on hand, reserved and available.")
    )
    .add(
      HttpApiEndpoint.post("receive", "/stock/:sku/receipts")
        .setPath(Schema.Struct({ sku: Sku.pipe(Schema.filter(noCardNumber)) }))
        .setHeaders(Schema.Struct({ "idempotency-key": Schema.optional(Schema.String) }))
        .setPayload(Receipt)
        .addSuccess(StockView, { status: 201 })
        .addError(ReceiptRefused.schema)
        .addError(invalidKey.schema)
        .addError(keyReused.schema)
        .addError(keyInProgress.schema)
        .annotate(OpenApi.Summary, "Record a receipt")
        .annotate(
          OpenApi.Description,
          "Adds goods that arrived. A SKU that is not known yet begins with its first receipt."
        )
    )
    .add(
      HttpApiEndpoint.get("movements", "/stock/:sku/movements")
        .setPath(Path)
        .setUrlParams(Schema.Struct({ cursor: Schema.optional(MovementView.fields.seq), limit }))
        .addSuccess(pageOf(MovementView))
        .addError(StockNotFound.schema)
        .annotate(OpenApi.Summary, "List the stock movements of a SKU")
        .annotate(OpenApi.Description, "Every receipt, reservation, release and commitment, oldest first.")
    )
    .addError(forbidden.schema)
    .middleware(Authorization)
)
  .annotate(OpenApi.Title, "Quartet: inventory")
  .annotate(
    OpenApi.Description,
    "Stock levels and receipts, for operators: every request needs a token with the scope `operator`."
  )
  .annotate(OpenApi.Transform, asServed)
