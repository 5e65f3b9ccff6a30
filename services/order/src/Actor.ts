import * as Settings from "@quartet/hosting/Settings"
import * as Actor from "@quartet/messaging/Actor"
import { Config, Context, Effect, Layer } from "effect"
import * as CustomerLimits from "./CustomerLimits.ts"
import type { OrderCommand } from "./domain/Command.ts"
import { decide, evolveSlice, orderIn } from "./domain/Decider.ts"
import type { OrderRejection } from "./domain/Rejection.ts"
import type { State } from "./domain/State.ts"
import * as OrderSizes from "./OrderSizes.ts"
import { say } from "./Outbound.ts"
import { OrderRepository } from "./Repository.ts"
import { Watching } from "./Watching.ts"

/** One step of the order service: orders, and the prices they are placed at. */
export class OrderActor extends Context.Tag("@quartet/order/OrderActor")<
  OrderActor,
  Actor.Actor<OrderCommand, State, OrderRejection>
>() {}

export const policy = Config.all({
  draftExpiresAfter: Settings.span("ORDER_DRAFT_EXPIRES_AFTER", "15 minutes"),
  holdExpiresAfter: Settings.span("ORDER_HOLD_EXPIRES_AFTER", "15 minutes"),
  sizes: OrderSizes.config,
  limits: CustomerLimits.config
})

export const layer = Layer.scoped(
  OrderActor,
  Effect.gen(function*() {
    const { load, save } = yield* OrderRepository
    const { notify } = yield* Watching
    return yield* Actor.make({
      name: "order",
      keyOf: ({ orderId }: OrderCommand) => orderId,
      load,
      decide: decide(yield* policy),
      evolve: evolveSlice,
      save,
      say: (event, after) => {
        const order = orderIn(after, event.orderId)
        return order._tag === "Absent" ? [] : say(event, order)
      },
      committed: (steps) =>
        notify(steps.flatMap(({ after, event }) => {
          const order = orderIn(after, event.orderId)
          return order._tag === "Absent" ? [] : [order]
        })),
      reply: (slice, { orderId }): State => orderIn(slice, orderId)
    })
  })
)
