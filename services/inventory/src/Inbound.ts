import { OrderCancelled, OrderFailed, OrderPaid, OrderPlaced } from "@quartet/contracts/OrderMessages"
import { PaymentFailed } from "@quartet/contracts/PaymentMessages"
import * as Consumer from "@quartet/messaging/Consumer"
import { on } from "@quartet/messaging/Handler"
import { Effect, Layer } from "effect"
import { InventoryActor } from "./Actor.ts"
import { Commit, Release, Reserve } from "./domain/Command.ts"

/** Which command is this message? */
export const handlers = [
  on(
    OrderPlaced,
    ({ lines, orderId }) => Reserve.make({ orderId, lines: lines.map(({ quantity, sku }) => ({ sku, quantity })) })
  ),
  on(OrderPaid, ({ lines, orderId }) => Commit.make({ orderId, lines })),
  on(PaymentFailed, ({ orderId }) => Release.make({ orderId, cause: "payment_failed" })),
  on(OrderCancelled, ({ orderId }) => Release.make({ orderId, cause: "order_cancelled" })),
  on(OrderFailed, ({ orderId }) => Release.make({ orderId, cause: "order_failed" }))
]

export const layer = Layer.scopedDiscard(
  Effect.flatMap(InventoryActor, (actor) => Consumer.make({ name: "inventory", actor, handlers }))
)
