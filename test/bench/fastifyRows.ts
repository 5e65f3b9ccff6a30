import { v7 } from "uuid"

export interface Wanted {
  readonly customerId: string
  readonly correlationId: string
  readonly lines: ReadonlyArray<{ readonly sku: string; readonly quantity: number }>
}

export interface Placed {
  readonly id: string
  readonly status: "Draft"
  readonly version: 1
  readonly lines: ReadonlyArray<{
    readonly sku: string
    readonly name: string
    readonly quantity: number
    readonly unitPrice: Money
  }>
  readonly total: Money
  readonly refund: "none"
  readonly placedAt: string
  readonly updatedAt: string
}

export interface Money {
  readonly amount: number
  readonly currency: string
}

export type Asking = Wanted & { readonly orderId: string }

/** How long stock has to answer. */
const draftMinutes = 15

interface Made {
  readonly asking: Asking
  readonly order: Placed
}

export const toRow = ({ asking, order }: Made) => ({
  orderId: order.id,
  customerId: asking.customerId,
  status: order.status,
  version: order.version,
  ...order.total,
  refund: order.refund,
  placedAt: order.placedAt,
  updatedAt: order.updatedAt,
  holdUntil: null,
  attempt: null,
  nextActionType: null,
  nextActionUrl: null,
  cancelling: null,
  shipmentId: null,
  reason: null,
  lines: order.lines.map(({ name, quantity, sku, unitPrice }, index) => ({
    position: index + 1,
    sku,
    name,
    quantity,
    ...unitPrice
  })),
  isNew: true
})

export const toTransition = ({ asking, order }: Made, now: Date) => ({
  key: order.id,
  version: order.version,
  fromStatus: "Absent",
  toStatus: order.status,
  event: "OrderPlaced",
  cause: asking.correlationId,
  correlation: asking.correlationId,
  actor: asking.customerId,
  at: now.toISOString()
})

/** What an order that was placed says: the fact, its deadline, and its line in the lists. */
export const toMessages = (made: Made, now: Date) => {
  const { asking: { customerId }, order: { id, lines, placedAt, status, total, updatedAt, version } } = made
  const itemCount = lines.reduce((sum, { quantity }) => sum + quantity, 0)
  // @effect-diagnostics-next-line globalDate:off
  const draftUntil = new Date(now.getTime() + draftMinutes * 60_000)
  const summary = { orderId: id, customerId, status, version, total, itemCount, placedAt, updatedAt }
  return [
    message(made, now, "order.placed.v1", { orderId: id, customerId, lines, total }, null),
    message(made, now, "order.draft_expiry_due.v1", { orderId: id }, draftUntil),
    message(made, now, "order.summary_changed.v1", summary, now)
  ]
}

const message = ({ asking, order }: Made, now: Date, type: string, data: unknown, due: Date | null) => {
  const id = v7()
  const envelope = {
    specversion: "1.0",
    id,
    source: "/quartet/order",
    type,
    subject: order.id,
    time: now.toISOString(),
    datacontenttype: "application/json",
    dataschema: `urn:quartet:message:${type}`,
    correlationid: asking.correlationId,
    causationid: asking.correlationId,
    data
  }
  return { message_id: id, type, subject: order.id, due_at: due, envelope: JSON.stringify(envelope) }
}
