import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Effect, Schema } from "effect"
import type { Auth } from "./Auth.ts"
import { tokenOf } from "./Auth.ts"
import { operatorsOnly } from "./OperatorsOnly.ts"
import { answer, chosen } from "./ParkedRoutes.ts"
import { Refused } from "./Problem.ts"
import { unavailable } from "./Refusals.ts"

/** The refund that is settled now, or was before, and its order. */
export const Settled = Schema.Struct({ refundId: Schema.String, orderId: Schema.String })

const Because = Schema.Struct({
  because: Schema.Trim.pipe(Schema.pattern(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u))
})

const noReason = new Refused({
  name: "invalid-request",
  detail: "Give the reason: {\"because\": \"…\"}, 1 to 200 printable characters."
})

const noRefund = new Refused({
  name: "unknown-refund",
  detail: "No refund has this id."
})

/** Ids of refunds are ours, or the provider's for one that was made over there. */
const RefundName = Schema.String.pipe(Schema.pattern(/^[A-Za-z0-9_-]{1,255}$/))

const settle = (auth: Auth["Type"]) =>
  Effect.gen(function*() {
    const { id = "" } = yield* HttpRouter.params
    const { because } = yield* Effect.catchTag(
      HttpServerRequest.schemaBodyJson(Because, { onExcessProperty: "error" }),
      "ParseError",
      () => noReason
    )
    if (!Schema.is(RefundName)(id)) return yield* noRefund
    const token = tokenOf(yield* HttpServerRequest.HttpServerRequest)
    const { subject } = yield* Effect.orDie(Effect.flatMap(token, auth.verify)) // it was let in with it just now
    const [desk] = (yield* chosen).flatMap(([, { settleRefund }]) => settleRefund === undefined ? [] : [settleRefund])
    if (desk === undefined) return yield* noRefund
    const settled = yield* Effect.catchTag(
      desk({ refundId: id, because, settledBy: subject }),
      "Unavailable",
      () => unavailable
    )
    if (settled._tag === "Unknown") return yield* noRefund
    if (settled._tag === "NotOwed") return yield* new Refused({ name: "refund-not-failed", detail: settled.why })
    return yield* answer(Settled)({ refundId: id, orderId: settled.orderId })
  })

/** What an operator enters of refunds that the provider does not make. Asking twice is safe. */
export const routes = (auth: Auth["Type"]) => {
  const guard = operatorsOnly(auth)
  return HttpRouter.empty.pipe(HttpRouter.post("/refunds/:id/settle", guard(settle(auth))))
}
