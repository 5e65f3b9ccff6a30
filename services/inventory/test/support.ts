import { OrderId, Sku } from "@quartet/contracts/Ids"
import { Quantity } from "@quartet/contracts/Quantity"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { MessageId } from "@quartet/messaging/Message"
import * as Messaging from "@quartet/messaging/Messaging"
import type { Submission } from "@quartet/messaging/Submission"
import type { Option } from "effect"
import { Layer } from "effect"
import { v7 } from "uuid"
import * as Actor from "../src/Actor.ts"
import type { InventoryCommand, ReleaseCause } from "../src/domain/Command.ts"
import { Commit, ReceiptId, Receive, Release, Reserve } from "../src/domain/Command.ts"
import type { Stock } from "../src/domain/State.ts"
import { migrations } from "../src/Migrations.ts"
import * as Repository from "../src/Repository.ts"

/** The inventory on a database of its own, without its doors. */
export const Inventory = Actor.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Repository.layer, Messaging.layer)),
  Layer.provideMerge(PostgresTest.layer({ service: "inventory", migrations }))
)

export const tea = Sku.make("tea")
export const cup = Sku.make("cup")

/** A SKU that no other test knows. */
export const freshSku = () => Sku.make(`sku-${v7()}`)

export const freshOrder = () => OrderId.make(v7())

type Wanted = ReadonlyArray<readonly [sku: Sku, quantity: number]>

const linesOf = (wanted: Wanted) => wanted.map(([sku, quantity]) => ({ sku, quantity: Quantity.make(quantity) }))

export const reserve = (orderId: OrderId, ...wanted: Wanted) => Reserve.make({ orderId, lines: linesOf(wanted) })

export const commit = (orderId: OrderId, ...wanted: Wanted) => Commit.make({ orderId, lines: linesOf(wanted) })

export const release = (orderId: OrderId, cause: ReleaseCause) => Release.make({ orderId, cause })

export const receive = (sku: Sku, quantity: number) => Receive.make({ sku, quantity, receiptId: ReceiptId.make(v7()) })

/** The command as a message brings it. */
export const heard = (
  command: InventoryCommand,
  messageId: string = v7()
): Submission<InventoryCommand, Option.Option<Stock>> => ({
  command,
  by: "order",
  origin: {
    _tag: "Message",
    received: { messageId: MessageId.make(messageId), type: "test.v1", subject: "test", digest: "00" }
  },
  lineage: { causationId: messageId, correlationId: messageId }
})
