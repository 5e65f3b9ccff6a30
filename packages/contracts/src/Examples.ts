const id = "01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10"
const total = { amount: 1780, currency: "EUR" }
const placedAt = "2026-03-02T09:15:00.000Z"
const updatedAt = "2026-03-02T09:15:00.040Z"

const refund = {
  id: "01993c4f-1b66-7d0c-a8e1-5f3c27b94d60",
  amount: { amount: 300, currency: "EUR" },
  reason: "operator",
  status: "refunded"
}

const order = {
  id,
  status: "Reserved",
  version: 2,
  lines: [{ sku: "tea-assam", name: "Assam, 250 g", quantity: 2, unitPrice: { amount: 890, currency: "EUR" } }],
  total,
  refund: "none",
  placedAt,
  updatedAt,
  holdUntil: "2026-03-02T09:30:00.040Z"
}

const entry = {
  version: 2,
  from: "Draft",
  to: "Reserved",
  event: "StockReserved",
  cause: "01993c4e-8a2e-7d10-8c41-0a9f6b3d2e71",
  actor: "inventory",
  at: updatedAt
}

/** One of each as it goes over the wire, for readers of an API's description; by the names of their schemas. */
export const examples: Readonly<Record<string, unknown>> = {
  PlaceOrder: { lines: [{ sku: "tea-assam", quantity: 2 }] },
  PayOrder: { paymentMethodId: "pm_card_visa" },
  Order: order,
  OrderSummary: { id, status: "Reserved", version: 2, total, itemCount: 2, placedAt, updatedAt },
  HistoryEntry: entry,
  Refund: refund,
  RefundTotals: {
    requested: { amount: 0, currency: "EUR" },
    refunded: refund.amount,
    failed: { amount: 0, currency: "EUR" }
  },
  OrderChange: { ...entry, order },
  Product: { sku: "tea-assam", name: "Assam, 250 g", price: { amount: 890, currency: "EUR" } },
  Problem: {
    type: "urn:quartet:problem:not-reserved",
    title: "The goods are not held yet",
    status: 409,
    detail: `The goods of order ${id} are not held yet; it cannot be paid.`,
    correlationId: "01993c4e-8a0e-7b12-9f03-5d1c7e8a2b46"
  }
}
