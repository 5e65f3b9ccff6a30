import { assert, layer } from "@effect/vitest"
import { unauthorized } from "@quartet/contracts/Authorization"
import { invalidRequest } from "@quartet/contracts/EdgeRefusals"
import { OrderId, PaymentMethodId } from "@quartet/contracts/Ids"
import * as OrderClient from "@quartet/contracts/OrderClient"
import * as Problems from "@quartet/contracts/OrderProblems"
import { Quantity } from "@quartet/contracts/Quantity"
import { Array, Chunk, Effect, Option, Redacted, Stream } from "effect"
import { v7 } from "uuid"
import { becomes, newCustomer, newProduct, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"

const visa = { paymentMethodId: PaymentMethodId.make("pm_card_visa") }
const patiently = OrderClient.waiting("15 seconds")

/** A customer with the client of their own, and what it takes to order one of something. */
const newShopper = Effect.gen(function*() {
  const customer = yield* newCustomer
  const client = yield* OrderClient.make(customer)
  const lines = Array.of({ sku: yield* newProduct(10, 1250), quantity: Quantity.make(1) })
  return { customer, client, lines }
})

layer(System.layer(), { excludeTestServices: true, timeout: 150_000 })("the typed client", (it) => {
  it.effect("places an order, pays it twice under one key, and is told the second time that it is a replay", () =>
    Effect.gen(function*() {
      const { client: { orders }, customer, lines } = yield* newShopper
      const placed = yield* orders.place({ headers: patiently, payload: { lines } })
      assert.deepStrictEqual([placed.status, placed.total.amount], ["Reserved", 1250])
      const press = orders.pay({
        path: { id: placed.id },
        headers: { ...patiently, ...OrderClient.keyed(v7()) },
        payload: visa,
        withResponse: true
      })
      const [paid, first] = yield* press
      const [again, second] = yield* press
      assert.deepStrictEqual([first.status, second.status], [200, 200])
      assert.deepStrictEqual(again, paid)
      assert.deepStrictEqual([OrderClient.isReplay(first), OrderClient.isReplay(second)], [false, true])
      yield* becomes(customer, placed, "Shipped")
    }))

  it.effect("sees an order, nothing while it is still that version, and what it has become afterwards", () =>
    Effect.gen(function*() {
      const { client: { orders }, lines } = yield* newShopper
      const { id } = yield* orders.place({ headers: patiently, payload: { lines } })
      const [seen, response] = yield* orders.get({ path: { id }, headers: {}, withResponse: true })
      if (seen === undefined) return assert.fail("It was asked for whatever its version.")
      assert.strictEqual(response.headers["etag"], `"${seen.version}"`)
      const still = orders.get({ path: { id }, headers: OrderClient.unless(seen), withResponse: true })
      const [nothing, unchanged] = yield* still
      assert.deepStrictEqual([nothing, unchanged.status], [undefined, 304])
      const cancelled = yield* orders.cancel({ path: { id }, headers: {} })
      const [changed] = yield* still
      assert.deepStrictEqual(changed, cancelled)
    }))

  it.effect("reads an order's history and follows its changes to the end", () =>
    Effect.gen(function*() {
      const { client: { orders }, lines } = yield* newShopper
      const { id } = yield* orders.place({ headers: patiently, payload: { lines } })
      const following = yield* Effect.fork(Stream.runCollect(orders.changes(id)))
      yield* orders.cancel({ path: { id }, headers: {} })
      const changes = Chunk.toReadonlyArray(yield* following)
      const { items, nextCursor } = yield* orders.history({ path: { id }, urlParams: {} })
      assert.isUndefined(nextCursor)
      assert.deepStrictEqual(items.map(({ to }) => to), ["Draft", "Reserved", "Cancelled"])
      assert.deepStrictEqual(
        changes.map(({ event, version }) => [version, event]),
        items.map(({ event, version }) => [version, event])
      )
      assert.strictEqual(changes.at(-1)?.order?.status, "Cancelled")
      const rest = yield* Stream.runCollect(orders.changes(id, 3))
      assert.strictEqual(rest.length, 0)
    }))

  it.effect("walks through a list and through the price list by their cursors", () =>
    Effect.gen(function*() {
      const { client: { orders, products }, lines } = yield* newShopper
      const placed = yield* Effect.replicateEffect(orders.place({ headers: patiently, payload: { lines } }), 3)
      const ids = placed.map(({ id }) => id).toReversed()
      const pages = Stream.paginateEffect({}, (from: { readonly cursor?: string }) =>
        Effect.map(
          orders.list({ urlParams: { ...from, status: "Reserved", limit: 2 } }),
          (
            { items, nextCursor }
          ) => [items.map(({ id }) => id), Option.map(Option.fromNullable(nextCursor), (cursor) => ({ cursor }))]
        ))
      const listed = until(Effect.map(Stream.runCollect(pages), Chunk.toReadonlyArray), (seen) =>
        seen.flat().length === 3)
      assert.deepStrictEqual(yield* listed, [ids.slice(0, 2), ids.slice(2)])
      const first = yield* products.list({ urlParams: { limit: 1 } })
      assert.strictEqual(first.items.length, 1)
    }))

  it.effect("fails with the problem document by which it was refused, and with no other", () =>
    Effect.gen(function*() {
      const { client: { orders }, customer, lines } = yield* newShopper
      const unknown = yield* Effect.flip(orders.get({ path: { id: OrderId.make(v7()) }, headers: {} }))
      assert.isTrue(Problems.notFound.is(unknown))
      const placed = yield* orders.place({ headers: patiently, payload: { lines } })
      yield* orders.cancel({ path: { id: placed.id }, headers: {} })
      const headers = OrderClient.keyed(v7())
      const refused = yield* orders.pay({ path: { id: placed.id }, headers, payload: visa }).pipe(
        Effect.as("paid"),
        Effect.catchIf(Problems.orderCancelled.is, ({ status, title }) => Effect.succeed(`${status} ${title}`))
      )
      assert.strictEqual(refused, "409 The order is cancelled")
      const invalid = yield* Effect.flip(orders.list({ urlParams: { cursor: "of another list" } }))
      assert.isTrue(invalidRequest.is(invalid) && invalid.errors[0]?.pointer === "/cursor")
      const stranger = yield* OrderClient.make({ url: customer.url, token: Redacted.make("nobody's") })
      const nobody = yield* Effect.flip(stranger.orders.list({ urlParams: {} }))
      assert.isTrue(unauthorized.is(nobody))
    }))
})
