import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { noCardNumber } from "@quartet/contracts/CardNumber"
import { Price } from "@quartet/contracts/Charge"
import { Sku } from "@quartet/contracts/Ids"
import { ProductView } from "@quartet/contracts/OrderView"
import { Schema } from "effect"

/** What an operator says of a product: 1 to 200 printable characters, and a price in minor units, of which one can be charged. */
export const PutProduct = Schema.Struct({
  name: Schema.String.pipe(
    Schema.pattern(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u, { description: "1 to 200 printable characters" })
  ),
  price: Price
}).annotations({ identifier: "PutProduct", parseOptions: { onExcessProperty: "error" } })

/** The price list. */
export const prices = HttpApiGroup.make("prices").annotate(OpenApi.Description, "The price list.").add(
  HttpApiEndpoint.put("put")`/products/${HttpApiSchema.param("sku", Sku.pipe(Schema.filter(noCardNumber)))}`
    .setPayload(PutProduct)
    .addSuccess(ProductView)
    .annotate(OpenApi.Summary, "Add or change a product")
    .annotate(OpenApi.Description, "Adds a product or changes it; placed orders keep their price.")
)
