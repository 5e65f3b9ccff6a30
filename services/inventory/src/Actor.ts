import * as Actor from "@quartet/messaging/Actor"
import { Context, Effect, HashMap, Layer, Option } from "effect"
import type { InventoryCommand } from "./domain/Command.ts"
import { decide } from "./domain/Decider.ts"
import type { InventoryRejection } from "./domain/Rejection.ts"
import type { Inventory, Stock } from "./domain/State.ts"
import { evolve } from "./domain/State.ts"
import { say } from "./Outbound.ts"
import { InventoryRepository } from "./Repository.ts"

/** One step of the inventory: reservations by order, and the stock of every SKU they name. */
export class InventoryActor extends Context.Tag("@quartet/inventory/InventoryActor")<
  InventoryActor,
  Actor.Actor<InventoryCommand, Option.Option<Stock>, InventoryRejection>
>() {}

/** One loop, so that a SKU that everybody wants is given out in memory instead of being fought over in rows. */
const limits: Actor.Limits = { partitions: 1, batch: 256, mailbox: 1024 }

/** The level after a receipt; the other commands have no asker. */
const levelOf = ({ stock }: Inventory, command: InventoryCommand): Option.Option<Stock> =>
  command._tag === "Receive" ? HashMap.get(stock, command.sku) : Option.none()

export const layer = Layer.scoped(
  InventoryActor,
  Effect.gen(function*() {
    const { load, save } = yield* InventoryRepository
    const behaviour = { name: "inventory", keyOf: () => "inventory", load, decide, evolve, save, say, reply: levelOf }
    return yield* Actor.make(behaviour, limits)
  })
)
