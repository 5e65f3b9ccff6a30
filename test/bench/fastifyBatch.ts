import type { Pool } from "pg"
import { v7 } from "uuid"
import * as statements from "./fastifyStatements.ts"

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

interface Money {
  readonly amount: number
  readonly currency: string
}

type Asking = Wanted & { readonly orderId: string }

/** `undefined` is a refusal. */
type Told = Placed | undefined

interface Waiting {
  readonly asking: Asking
  readonly tell: (told: Told) => void
  readonly fail: (error: unknown) => void
}

/** As many as an actor takes at a time, how few make it breathe, and for how long, in milliseconds. */
const most = 128
const few = 32
const breath = 3

const draftMinutes = 15
const openOrders = 1000

/**
 * Places orders in batches, as one writes it by hand: whoever waits is taken together, in one transaction of the very
 * statements that the order service sends. It pauses after a small batch as an actor does, for smaller batches would cost
 * this side more.
 */
export const makeBatches = (pool: Pool): (wanted: Wanted) => Promise<Told> => {
  const waiting: Array<Waiting> = []
  let works = false
  const work = async () => {
    works = true
    while (waiting.length > 0) {
      const taken = waiting.splice(0, most)
      const batch = taken.map(({ asking }) => asking)
      await commit(pool, batch).then(
        (told) => taken.forEach(({ tell }, index) => tell(told[index])),
        (error: unknown) => taken.forEach(({ fail }) => fail(error))
      )
      // The baseline is what one writes without Effect.
      // @effect-diagnostics-next-line globalTimers:off
      if (taken.length < few) await new Promise((resume) => setTimeout(resume, breath))
    }
    works = false
  }
  return (wanted) =>
    new Promise((tell, fail) => {
      waiting.push({ asking: { ...wanted, orderId: v7() }, tell, fail })
      // In the next turn, as an actor is woken: whoever comes in this one is of the same batch.
      if (!works) {
        works = true
        setImmediate(() => void work())
      }
    })
}

const commit = async (pool: Pool, batch: ReadonlyArray<Asking>): Promise<ReadonlyArray<Told>> => {
  const client = await pool.connect()
  try {
    await client.query("BEGIN")
    const now = (await client.query<{ now: Date }>(statements.claim("order", []))).rows[0]?.now
    if (now === undefined) throw new Error("The database does not know the time.")
    await client.query(statements.orders(batch.map(({ orderId }) => orderId)))
    const skus = new Set(batch.flatMap(({ lines }) => lines.map(({ sku }) => sku)))
    const products = await client.query<Product>(statements.products([...skus]))
    const standings = await client.query<Standing>(
      statements.standings([...new Set(batch.map(({ customerId }) => customerId))], openOrders, 50)
    )
    const told = decided(batch, products.rows, standings.rows, now)
    const placed = batch.flatMap((asking, index) => {
      const order = told[index]
      return order === undefined ? [] : [{ asking, order }]
    })
    if (placed.length > 0) {
      await client.query(statements.save(placed.map(toRow), placed.map((one) => toTransition(one, now))))
      await client.query(statements.append(placed.flatMap((one) => toMessages(one, now))))
    }
    await client.query("COMMIT")
    return told
  } catch (error) {
    await client.query("ROLLBACK")
    throw error
  } finally {
    client.release()
  }
}

interface Product {
  readonly sku: string
  readonly name: string
  readonly price: Money
}

interface Standing {
  readonly customerId: string
  readonly openOrders: number
}

const decided = (
  batch: ReadonlyArray<Asking>,
  products: ReadonlyArray<Product>,
  standings: ReadonlyArray<Standing>,
  now: Date
): ReadonlyArray<Told> => {
  const listed = new Map(products.map((product) => [product.sku, product]))
  const open = new Map(standings.map((standing) => [standing.customerId, standing.openOrders]))
  const at = now.toISOString()
  return batch.map(({ customerId, lines: wanted, orderId }): Told => {
    const counted = new Map<string, number>()
    for (const { quantity, sku } of wanted) counted.set(sku, (counted.get(sku) ?? 0) + quantity)
    const lines = [...counted].flatMap(([sku, quantity]) => {
      const product = listed.get(sku)
      return product === undefined ? [] : [{ sku, name: product.name, quantity, unitPrice: product.price }]
    })
    const known = open.get(customerId) ?? 0
    const currency = lines[0]?.unitPrice.currency
    if (currency === undefined || lines.length < counted.size || known >= openOrders) return undefined
    open.set(customerId, known + 1)
    const amount = lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice.amount, 0)
    const total = { amount, currency }
    return { id: orderId, status: "Draft", version: 1, lines, total, refund: "none", placedAt: at, updatedAt: at }
  })
}

interface Made {
  readonly asking: Asking
  readonly order: Placed
}

const toRow = ({ asking, order }: Made) => ({
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

const toTransition = ({ asking, order }: Made, now: Date) => ({
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
const toMessages = (made: Made, now: Date) => {
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
