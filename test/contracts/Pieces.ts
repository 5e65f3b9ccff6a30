import type { Consumer } from "@quartet/contracts/Catalog"
import { catalog } from "@quartet/contracts/Catalog"
import { RefundId } from "@quartet/contracts/Ids"
import type { InventoryCommand } from "@quartet/inventory/domain/Command"
import { ReceiptId, Receive } from "@quartet/inventory/domain/Command"
import * as Stock from "@quartet/inventory/domain/Decider"
import * as StockState from "@quartet/inventory/domain/State"
import * as StockOutbound from "@quartet/inventory/Outbound"
import { eventsOf } from "@quartet/messaging/Decision"
import { evolveSlice, orderIn } from "@quartet/order/domain/Decider"
import * as OrderDecider from "@quartet/order/domain/Decider"
import * as OrderOutbound from "@quartet/order/Outbound"
import type { PaymentCommand } from "@quartet/payment/domain/Command"
import { SettleRefund } from "@quartet/payment/domain/Command"
import * as PaymentState from "@quartet/payment/domain/State"
import * as PaymentOutbound from "@quartet/payment/Outbound"
import { Dispatch } from "@quartet/warehouse/domain/Command"
import * as Parcel from "@quartet/warehouse/domain/Decider"
import * as ParcelState from "@quartet/warehouse/domain/State"
import * as ParcelOutbound from "@quartet/warehouse/Outbound"
import { Duration, Either, HashMap, HashSet, Option } from "effect"
import * as Orders from "../../services/order/test/support/Orders.ts"
import * as Payments from "../../services/payment/test/Builders.ts"
import type { By, Impulse } from "./Explored.ts"
import { explore } from "./Explored.ts"
import type { Listener } from "./Listeners.ts"
import { listeners } from "./Listeners.ts"
import { asked } from "./Provider.ts"
import { someSayings, written } from "./Spoken.ts"

const { orderId } = Orders

/** The id of every message: whatever takes its number from one is the same thing. */
const messageId = RefundId.make("01993c4f-1b66-7d0c-a8e1-5f3c27b94d10")

/** What all messages about the one order agree on. */
const about = {
  orderId,
  customerId: Orders.customerId,
  attempt: 1,
  refundId: messageId,
  amount: Orders.total,
  lines: [Orders.tea, Orders.pot].map((sku) => ({ sku, quantity: 2, name: "It", unitPrice: Orders.total }))
}

/**
 * Every message that a consumer hears, said in so many ways, as the commands that its handlers make of it. What they make
 * nothing of leads nowhere here.
 */
const heardBy = <Command>(
  consumer: Consumer,
  { hear }: Listener<Command>,
  ways = 3
): ReadonlyArray<Impulse<Command>> =>
  catalog.filter((entry) => entry.heardBy.includes(consumer)).flatMap((entry) =>
    someSayings(entry, about, ways).flatMap((message) =>
      Either.match(hear(written(message, messageId)), {
        onLeft: () => [],
        onRight: (command) => [wanted("message", message.type, command)]
      })
    )
  )

const wanted = <Command>(by: By, cause: string, command: Command): Impulse<Command> => ({ by, cause, command })

/** A state as text, without what only counts or tells the time. */
const keyOf = (state: unknown): string => {
  const passing = new Set(["version", "updatedAt", "try", "begunAt", "actionSince", "heard", "products"])
  return JSON.stringify(state, (name, value: unknown) => passing.has(name) ? undefined : value)
}

const order = () => {
  const heard = heardBy("order", listeners.order)
  const requests = [
    wanted("request", "POST /orders", Orders.place),
    wanted("request", "POST /orders/{id}/pay", Orders.pay),
    wanted("request", "POST /orders/{id}/cancel", Orders.cancel),
    wanted("request", "POST /orders/{id}/refunds", Orders.giveBack(Orders.total.amount, messageId))
  ]
  const decide = OrderDecider.decide(Orders.policy)
  const final = ["Absent", "Shipped", "Failed", "Cancelled"]
  return explore({
    start: Orders.nothing,
    keyOf: (slice) => keyOf(orderIn(slice, orderId)),
    conditionOf: (slice) => orderIn(slice, orderId)._tag,
    isAtRest: (slice) => {
      const state = orderIn(slice, orderId)
      return final.includes(state._tag) && (state._tag === "Absent" || state.refund !== "requested")
    },
    impulses: () => [...requests, ...heard],
    decide: (slice, command) => eventsOf(decide(slice, command, Orders.at)),
    evolve: evolveSlice,
    say: (event, slice) => {
      const state = orderIn(slice, orderId)
      return state._tag === "Absent" ? [] : OrderOutbound.say(event, state)
    }
  })
}

/** An operator settles a refund that failed. */
const settlements = (state: PaymentState.State): ReadonlyArray<Impulse<PaymentCommand>> =>
  "refunds" in state
    ? state.refunds.filter(({ status }) => status === "Failed").map(({ refundId }) =>
      wanted(
        "request",
        "POST /refunds/{id}/settle",
        SettleRefund.make({ orderId, refundId, because: "paid back by hand", settledBy: "an operator" })
      )
    )
    : []

const payment = () => {
  const heard = heardBy("payment", listeners.payment, 1)
  const final = ["Absent", "Forbidden", "Failed", "Succeeded", "Mismatched"]
  const isOpen = ({ status }: { readonly status: string }) => status === "Requested" || status === "Pending"
  return explore({
    start: PaymentState.absent,
    keyOf,
    conditionOf: ({ _tag }) => _tag,
    isAtRest: (state) => final.includes(state._tag) && !("refunds" in state && state.refunds.some(isOpen)),
    impulses: (state) => [...heard, ...asked(state), ...settlements(state)],
    decide: (state, command) => eventsOf(Payments.deciding(state, command)),
    evolve: PaymentState.evolve,
    say: (event, state) =>
      PaymentOutbound.say(event, { payments: HashMap.make([orderId, state]), heard: HashSet.empty() })
  })
}

const inventory = () => {
  const heard: ReadonlyArray<Impulse<InventoryCommand>> = heardBy("inventory", listeners.inventory)
  const receiptId = ReceiptId.make(messageId)
  const deliveries = [Orders.tea, Orders.pot].map((sku) =>
    wanted("request", "POST /stock/{sku}/receipts", Receive.make({ sku, receiptId, quantity: 3 }))
  )
  return explore({
    start: StockState.empty,
    keyOf,
    conditionOf: (state) => StockState.reservationOf(state, orderId)._tag,
    isAtRest: (state) => StockState.reservationOf(state, orderId)._tag !== "Active",
    impulses: ({ stock }) => [
      ...heard,
      ...deliveries.filter(({ command }) => !HashMap.has(stock, command.sku))
    ],
    decide: (state, command) => eventsOf(Stock.decide(state, command)),
    evolve: StockState.evolve,
    say: StockOutbound.say
  })
}

const warehouse = () => {
  const heard = heardBy("warehouse", listeners.warehouse)
  const dispatch = wanted("request", "POST /shipments/{orderId}/dispatch", Dispatch.make({ orderId }))
  const decide = Parcel.decide({ dispatchAfter: Option.some(Duration.seconds(2)) })
  return explore({
    start: ParcelState.absent,
    keyOf,
    conditionOf: ({ _tag }) => _tag,
    isAtRest: ({ _tag }) => ["Absent", "Shipped", "Stopped"].includes(_tag),
    impulses: () => [...heard, dispatch],
    decide: (state, command) => eventsOf(decide(state, command, Orders.at)),
    evolve: ParcelState.evolve,
    say: ParcelOutbound.say
  })
}

/** The four services, each with everything that can become of one order in it. */
export const pieces = { order: order(), payment: payment(), inventory: inventory(), warehouse: warehouse() }
