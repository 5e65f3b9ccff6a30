import { HttpApiBuilder } from "@effect/platform"
import * as Auth from "@quartet/hosting/Auth"
import { Effect } from "effect"
import { OperatorApi } from "./OperatorApi.ts"
import { PriceList } from "./PriceList.ts"
import { reachable } from "./Reachable.ts"

/** Who may change a price, and how that is done. */
export const prices = HttpApiBuilder.group(
  OperatorApi,
  "prices",
  (handlers) =>
    handlers.handle("put", ({ path: { sku }, payload }) =>
      reachable(Effect.gen(function*() {
        yield* Auth.requireScope("operator")
        yield* (yield* PriceList).put({ sku, ...payload })
        return { sku, ...payload }
      })))
)
