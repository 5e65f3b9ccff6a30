import type { Pool } from "pg"
import { v7 } from "uuid"
import type { Asking, Money, Placed, Wanted } from "./fastifyRows.ts"
import { toMessages, toRow, toTransition } from "./fastifyRows.ts"
import * as statements from "./fastifyStatements.ts"

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
