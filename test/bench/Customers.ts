import { Effect } from "effect"
import type * as Customer from "quartet/demo/Customer"
import { newCustomer } from "../support/Shop.ts"

/** So many that none of them meets the limits of one customer, which are as everybody has them. */
const many = 100

/** Customers who take turns: the one whose turn it is at this request. */
export const customers: Effect.Effect<
  (index: number) => Customer.Customer,
  Effect.Effect.Error<typeof newCustomer>,
  Effect.Effect.Context<typeof newCustomer>
> = Effect.gen(function*() {
  const first = yield* newCustomer
  const others = yield* Effect.replicateEffect(newCustomer, many - 1)
  return (index) => others[index % many] ?? first
})
