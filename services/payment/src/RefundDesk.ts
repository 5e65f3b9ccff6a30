import type { Settlement, Settling } from "@quartet/hosting/ParkedMessages"
import { replyOf } from "@quartet/messaging/Request"
import * as Uuid from "@quartet/messaging/Uuid"
import { Effect, Option } from "effect"
import { PaymentActor } from "./Actor.ts"
import { SettleRefund } from "./domain/Command.ts"
import { PaymentViews } from "./Views.ts"

/** Enters that a failed refund was paid back by another way, in the operator's name. */
export const makeSettleRefund = Effect.gen(function*() {
  const actor = yield* PaymentActor
  const views = yield* PaymentViews
  return Effect.fn("RefundDesk.settle")(function*({ because, refundId: name, settledBy }: Settlement) {
    const found = yield* views.refundNamed(name)
    if (Option.isNone(found)) return { _tag: "Unknown" } satisfies Settling
    const { orderId, refundId } = found.value
    const id = Uuid.fresh()
    const outcome = yield* actor.ask({
      command: SettleRefund.make({ orderId, refundId, because, settledBy }),
      by: "operator",
      origin: { _tag: "Request" },
      lineage: { causationId: id, correlationId: id }
    })
    return yield* replyOf(outcome).pipe(
      Effect.as<Settling>({ _tag: "Settled", orderId }),
      Effect.catchTags({
        RefundUnknown: () => Effect.succeed<Settling>({ _tag: "Unknown" }),
        RefundNotOwed: ({ message }) => Effect.succeed<Settling>({ _tag: "NotOwed", why: message }),
        RefundInOtherCurrency: Effect.die,
        EventUnproven: Effect.die,
        NothingToRefund: Effect.die
      })
    )
  })
})
