import type { OrderId } from "@quartet/contracts/Ids"
import * as Settings from "@quartet/hosting/Settings"
import * as Actor from "@quartet/messaging/Actor"
import { keyed } from "@quartet/messaging/Keyed"
import { Context, Effect, Layer } from "effect"
import type { WarehouseCommand } from "./domain/Command.ts"
import { decide } from "./domain/Decider.ts"
import type { WarehouseEvent } from "./domain/Event.ts"
import type { WarehouseRejection } from "./domain/Rejection.ts"
import type { State } from "./domain/State.ts"
import { absent, evolve } from "./domain/State.ts"
import { say } from "./Outbound.ts"
import { WarehouseRepository } from "./Repository.ts"

/** One step of the warehouse: shipments by order. */
export class WarehouseActor extends Context.Tag("@quartet/warehouse/WarehouseActor")<
  WarehouseActor,
  Actor.Actor<WarehouseCommand, State, WarehouseRejection>
>() {}

/** How long a parcel waits before it leaves by itself; `never` leaves it to the operators. */
export const dispatchAfter = Settings.period("WAREHOUSE_DISPATCH_AFTER", "2 seconds")

const orderIdOf = ({ orderId }: WarehouseCommand | WarehouseEvent): OrderId => orderId

/** What the warehouse's actor is, before it is started. */
export const behaviour = Effect.gen(function*() {
  const { load, save } = yield* WarehouseRepository
  const decider = { decide: decide({ dispatchAfter: yield* dispatchAfter }), evolve }
  return {
    name: "warehouse",
    ...keyed({ keyOf: orderIdOf, absent, decider }),
    keyOf: orderIdOf,
    load: (commands: ReadonlyArray<WarehouseCommand>) => load(commands.map(orderIdOf)),
    save,
    say
  }
})

export const layer = Layer.scoped(WarehouseActor, Effect.flatMap(behaviour, (warehouse) => Actor.make(warehouse)))
