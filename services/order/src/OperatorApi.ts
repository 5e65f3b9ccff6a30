import { HttpApi, OpenApi } from "@effect/platform"
import { asServed } from "@quartet/contracts/ApiDescription"
import { Authorization, forbidden } from "@quartet/contracts/Authorization"
import { unavailable } from "@quartet/contracts/EdgeRefusals"
import { prices } from "./PricesApi.ts"
import { refunds } from "./RefundsApi.ts"

/** What operators may ask the order service. */
export const OperatorApi = HttpApi.make("operators").add(prices).add(refunds)
  .addError(forbidden.schema)
  .addError(unavailable.schema)
  .middleware(Authorization)
  .annotate(OpenApi.Title, "Quartet: prices and refunds")
  .annotate(
    OpenApi.Description,
    "The price list, and refunds in part, for operators: every request needs a token with the scope `operator`."
  )
  .annotate(OpenApi.Transform, asServed)
