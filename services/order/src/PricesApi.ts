import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { asServed } from "@quartet/contracts/ApiDescription"
import { Authorization, forbidden } from "@quartet/contracts/Authorization"
import { unavailable } from "@quartet/contracts/EdgeRefusals"
import { Sku } from "@quartet/contracts/Ids"
import { Money } from "@quartet/contracts/Money"
import { ProductView } from "@quartet/contracts/OrderView"
import { Schema } from "effect"

/** What an operator says of a product: 1 to 200 printable characters, and a price in minor units. */
export const PutProduct = Schema.Struct({
  name: Schema.String.pipe(
    Schema.pattern(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u, { description: "1 to 200 printable characters" })
  ),
  price: Money
}).annotations({ identifier: "PutProduct", parseOptions: { onExcessProperty: "error" } })

const prices = HttpApiGroup.make("prices")
  .add(
    HttpApiEndpoint.put("put")`/products/${HttpApiSchema.param("sku", Sku)}`
      .setPayload(PutProduct)
      .addSuccess(ProductView)
      .annotate(OpenApi.Description, "Adds a product or changes it; placed orders keep their price.")
  )
  .addError(forbidden.schema)
  .addError(unavailable.schema)
  .middleware(Authorization)

/** What operators may ask the order service. */
export const PricesApi = HttpApi.make("prices").add(prices)
  .annotate(OpenApi.Title, "Quartet: prices")
  .annotate(
    OpenApi.Description,
    "The price list, for operators: every request needs a token with the scope `operator`."
  )
  .annotate(OpenApi.Transform, asServed)
