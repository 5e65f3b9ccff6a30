import type { Consumer } from "@quartet/contracts/Catalog"
import type { Commit, Release, Reserve } from "@quartet/inventory/domain/Command"
import * as Inventory from "@quartet/inventory/Inbound"
import type { Handler } from "@quartet/messaging/Handler"
import type { OrderCommand } from "@quartet/order/domain/Command"
import * as Order from "@quartet/order/Inbound"
import * as Summaries from "@quartet/order/Summaries"
import type { PaymentCommand } from "@quartet/payment/domain/Command"
import { SkipCall } from "@quartet/payment/domain/Command"
import { Errands } from "@quartet/payment/Errands"
import * as Payment from "@quartet/payment/Inbound"
import type { WarehouseCommand } from "@quartet/warehouse/domain/Command"
import * as Warehouse from "@quartet/warehouse/Inbound"
import { Effect, Either } from "effect"
import { openLetter, understand } from "../../packages/messaging/src/internal/letters.ts"

/** What became of a delivery: the command in it, or why it is parked. */
export type Heard<Command> = Either.Either<Command, string>

/** One consumer: what it has handlers for, and what it makes of a delivery. */
export interface Listener<Command> {
  readonly types: ReadonlyArray<string>
  readonly hear: (body: string) => Heard<Command>
}

const listener = <Command>(handlers: ReadonlyArray<Handler<Command>>): Listener<Command> => {
  const byType = new Map(handlers.map((handler) => [handler.type, handler]))
  return {
    types: handlers.map(({ type }) => type),
    hear: (body) => {
      const opened = openLetter(byType, { body, attempt: 1, settle: () => Effect.void })
      if (Either.isLeft(opened)) return Either.left(opened.left.reason ?? "there is no handler for it")
      const understood = Effect.runSync(Effect.either(understand(opened.right)))
      return Either.mapBoth(understood, {
        onLeft: ({ reason }) => reason,
        onRight: ({ submission }) => submission.command
      })
    }
  }
}

/** The provider is asked by nobody here. */
const idle = Errands.of({
  charge: ({ orderId }) => Effect.succeed(SkipCall.make({ orderId })),
  cancel: ({ orderId }) => Effect.succeed(SkipCall.make({ orderId })),
  refund: ({ orderId }) => Effect.succeed(SkipCall.make({ orderId }))
})

/** Everybody who listens, with the handlers that the services run. */
export const listeners = {
  order: listener<OrderCommand>(Order.handlers),
  "order-summaries": listener(Summaries.handlers),
  payment: listener<PaymentCommand>(Payment.handlers),
  "payment-gateway": listener(Effect.runSync(Effect.provideService(Payment.gatewayHandlers, Errands, idle))),
  inventory: listener<Commit | Release | Reserve>(Inventory.handlers),
  warehouse: listener<WarehouseCommand>(Warehouse.handlers)
} satisfies Record<Consumer, Listener<{ readonly orderId: string }>>
