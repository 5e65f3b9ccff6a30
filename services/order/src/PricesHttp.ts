import { HttpApiBuilder } from "@effect/platform"
import * as Auth from "@quartet/hosting/Auth"
import { Effect, Layer } from "effect"
import { PriceList } from "./PriceList.ts"
import { PricesApi } from "./PricesApi.ts"
import { reachable } from "./Reachable.ts"

const prices = HttpApiBuilder.group(
  PricesApi,
  "prices",
  (handlers) =>
    handlers.handle("put", ({ path: { sku }, payload }) =>
      reachable(Effect.gen(function*() {
        yield* Auth.requireScope("operator")
        yield* (yield* PriceList).put({ sku, ...payload })
        return { sku, ...payload }
      })))
)

/** The API with everything but what its handlers share with the rest of the service. */
export const api = HttpApiBuilder.api(PricesApi).pipe(
  Layer.provide(prices),
  Layer.provide(Auth.authorization)
)
