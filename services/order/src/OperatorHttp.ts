import { HttpApiBuilder } from "@effect/platform"
import * as Auth from "@quartet/hosting/Auth"
import { Layer } from "effect"
import { OperatorApi } from "./OperatorApi.ts"
import { prices } from "./PricesHttp.ts"
import { refunds } from "./RefundsHttp.ts"
import * as Waits from "./Waits.ts"

/** The operators' API with everything but what its handlers share with the rest of the service. */
export const api = HttpApiBuilder.api(OperatorApi).pipe(
  Layer.provide([prices, refunds]),
  Layer.provide(Waits.layer),
  Layer.provide(Auth.authorization)
)
