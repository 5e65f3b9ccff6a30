import type * as Message from "@quartet/messaging/Message"
import { type Array, Either, Option, type ParseResult, Schema } from "effect"
import * as Inventory from "./InventoryMessages.ts"
import * as Order from "./OrderMessages.ts"
import * as Payment from "./PaymentMessages.ts"
import * as Warehouse from "./WarehouseMessages.ts"

/** Everybody who listens, by the name of the queue, and the service it belongs to. */
export const consumers = {
  order: "order",
  "order-summaries": "order",
  payment: "payment",
  "payment-gateway": "payment",
  inventory: "inventory",
  warehouse: "warehouse"
} satisfies Record<string, string>
export type Consumer = keyof typeof consumers

/** One message, and who hears it. Somebody always does: what nobody hears need not be said. */
export interface Entry {
  readonly definition: Message.AnyDefinition
  readonly heardBy: Array.NonEmptyReadonlyArray<Consumer>
  /** What it carries, for whoever describes it or makes some of it up. */
  readonly payload: Schema.Schema.AnyNoContext
  /** Decodes a payload into what its speaker would say today, unknown fields left out; or tells why it is none. */
  readonly read: (data: unknown) => Either.Either<Message.Outgoing, ParseResult.ParseError>
}

/** A message with those who hear it. */
export const entry = <Type extends string, A, I>(
  definition: Message.Definition<Type, A, I>,
  ...heardBy: Array.NonEmptyReadonlyArray<Consumer>
): Entry => {
  const decode = Schema.decodeUnknownEither(definition.schema)
  return { definition, heardBy, payload: definition.schema, read: (data) => Either.map(decode(data), definition.say) }
}

/** Every message once. The broker's topology and the compatibility tests are read off it. */
export const catalog: ReadonlyArray<Entry> = [
  entry(Order.OrderPlaced, "inventory"),
  entry(Order.OrderPaymentRequested, "payment"),
  entry(Order.OrderPaid, "inventory", "warehouse"),
  entry(Order.OrderCancellationRequested, "warehouse"),
  entry(Order.OrderCancelled, "payment", "inventory", "warehouse"),
  entry(Order.OrderFailed, "inventory", "warehouse"),
  entry(Order.OrderRefundRequested, "payment"),
  entry(Order.OrderSummaryChanged, "order-summaries"),
  entry(Order.OrderDraftExpiryDue, "order"),
  entry(Order.OrderHoldExpiryDue, "order"),

  entry(Payment.PaymentActionRequired, "order"),
  entry(Payment.PaymentSucceeded, "order"),
  entry(Payment.PaymentFailed, "order", "inventory"),
  entry(Payment.PaymentRefunded, "order"),
  entry(Payment.PaymentRefundFailed, "order"),
  entry(Payment.PaymentRefundSettled, "order"),
  entry(Payment.PaymentChargeDue, "payment-gateway"),
  entry(Payment.PaymentCancelDue, "payment-gateway"),
  entry(Payment.PaymentRefundDue, "payment-gateway"),

  entry(Inventory.InventoryReserved, "order"),
  entry(Inventory.InventoryRejected, "order"),
  entry(Inventory.InventoryReleased, "order"),
  entry(Inventory.InventoryCommitted, "order", "warehouse"),
  entry(Inventory.InventoryCommitRefused, "order"),

  entry(Warehouse.WarehouseShipped, "order"),
  entry(Warehouse.WarehouseShipmentCancelled, "order"),
  entry(Warehouse.WarehouseDispatchDue, "warehouse")
]

/** What one consumer's queue is bound to. */
export interface Subscription {
  readonly consumer: Consumer
  readonly service: string
  readonly types: ReadonlyArray<string>
}

const subscription = (consumer: Consumer): Subscription => ({
  consumer,
  service: consumers[consumer],
  types: catalog.filter(({ heardBy }) => heardBy.includes(consumer)).map(({ definition }) => definition.type)
})

/** Every consumer with every type it hears. */
export const subscriptions: ReadonlyArray<Subscription> = [
  subscription("order"),
  subscription("order-summaries"),
  subscription("payment"),
  subscription("payment-gateway"),
  subscription("inventory"),
  subscription("warehouse")
]

const byType = new Map(catalog.map((one) => [one.definition.type, one]))

/** The message of this type and major version, if we know one. */
export const definitionOf = (type: string): Option.Option<Entry> => Option.fromNullable(byType.get(type))

/** What undoes what a failure leaves behind. */
export type Remedy =
  | { readonly by: "messages"; readonly types: Array.NonEmptyReadonlyArray<string> }
  | { readonly by: "operator"; readonly because: string }

/** One failure and its compensation. */
export interface Compensation {
  readonly failure: string
  readonly remedy: Remedy
}

const answered = (failure: Message.AnyDefinition, ...answers: Array.NonEmptyReadonlyArray<Message.AnyDefinition>) => {
  const [first, ...rest] = answers
  const types: Array.NonEmptyReadonlyArray<string> = [first.type, ...rest.map(({ type }) => type)]
  return { failure: failure.type, remedy: { by: "messages", types } } satisfies Compensation
}

/** Every message that says something went wrong or was called off, and what puts it right. */
export const compensations: ReadonlyArray<Compensation> = [
  answered(Inventory.InventoryRejected, Order.OrderFailed),
  answered(Inventory.InventoryCommitRefused, Order.OrderRefundRequested, Order.OrderFailed),
  answered(Payment.PaymentFailed, Inventory.InventoryReleased),
  answered(Order.OrderFailed, Inventory.InventoryReleased),
  answered(Order.OrderCancelled, Inventory.InventoryReleased, Payment.PaymentFailed),
  answered(Warehouse.WarehouseShipmentCancelled, Order.OrderCancelled, Order.OrderRefundRequested),
  {
    failure: Payment.PaymentRefundFailed.type,
    remedy: { by: "operator", because: "the provider keeps the money; only a person can send it another way" }
  }
]
