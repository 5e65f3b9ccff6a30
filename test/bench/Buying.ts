import { Schema } from "effect"
import type * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { send } from "./load.ts"
import { placing } from "./Processes.ts"

const decode = Schema.decodeSync(Schema.parseJson(Schema.Struct({ id: Schema.String, status: Schema.String })))

/** What became of an order that was paid with a card, and how long paying took in milliseconds. */
export interface Bought {
  readonly id: string
  readonly status: string
  readonly milliseconds: number
}

/** Orders one piece, waits until it is held, and pays it: the answer tells what became of it. */
export const buy = async (customer: Customer.Customer, sku: string, card: string): Promise<Bought> => {
  const order = placing(customer, sku, { prefer: "wait=15" })
  const { id } = decode((await send(order)).body)
  const { body, milliseconds } = await send({
    url: `${order.url}/${id}/pay`,
    headers: { ...order.headers, "idempotency-key": v7() },
    body: `{"paymentMethodId":"${card}"}`
  })
  return { id, status: decode(body).status, milliseconds }
}
