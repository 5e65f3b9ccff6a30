import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Option, Scope } from "effect"
import type { OrderCommand } from "../src/domain/Command.ts"
import * as E from "./support/Edge.ts"
import * as O from "./support/Orders.ts"
import { actors } from "./support/Service.ts"
import type { Following } from "./support/Stream.ts"
import { follow, ids } from "./support/Stream.ts"

const rest = [O.pay, O.paid, O.shipped]

/** The stream behind its first block, which says when to come back. */
const following = (id: string, asking: Following) =>
  Effect.tap(
    follow(id, asking),
    ({ block }) => Effect.map(block, (first) => assert.deepStrictEqual(first, Option.some("retry: 2000")))
  )

layer(E.edge(), { excludeTestServices: true, timeout: 60_000 })("a stream of an order's changes", (it) => {
  it.scoped("tells all of them from the first on, as they come, and ends when the order is over", () =>
    Effect.gen(function*() {
      const as = O.customerId
      const id = yield* E.ordered(as, O.reserve)
      const { block, headers, isWhole, next, status } = yield* following(id, { as })
      assert.deepStrictEqual([status, headers["content-type"], headers["cache-control"]], [
        200,
        "text/event-stream",
        "no-store"
      ])
      const told = yield* next(2)
      for (const news of rest) {
        yield* E.tell(id, news)
        told.push(...yield* next(1))
      }
      assert.deepStrictEqual(yield* block, Option.none())
      assert.isTrue(isWhole())
      assert.deepStrictEqual(ids(told), ["1", "2", "3", "4", "5"])
      assert.deepStrictEqual(told.map(({ event }) => event), told.map(() => "order"))
      assert.deepStrictEqual(told.map(({ data }) => [data.from, data.to, data.event]), [
        [null, "Draft", "OrderPlaced"],
        ["Draft", "Reserved", "StockReserved"],
        ["Reserved", "PaymentPending", "PaymentRequested"],
        ["PaymentPending", "Paid", "PaymentReceived"],
        ["Paid", "Shipped", "OrderShipped"]
      ])
      // What the order has become is told with the change that made it so, and with no other.
      assert.deepStrictEqual(told.map(({ data }) => data.order?.status), [
        undefined,
        "Reserved",
        "PaymentPending",
        "Paid",
        "Shipped"
      ])
    }))

  it.effect("goes on after the last event, however often it is cut: no gap, and nothing twice", () =>
    Effect.gen(function*() {
      const as = O.customerId
      const id = yield* E.ordered(as)
      const heard: Array<string> = []
      const listen = (count: number) =>
        Effect.scoped(Effect.gen(function*() {
          const last = heard.at(-1)
          const { next } = yield* following(id, { as, ...(last === undefined ? {} : { after: last }) })
          heard.push(...ids(yield* next(count)))
        }))
      yield* listen(1)
      yield* E.tell(id, O.reserve, O.pay)
      yield* listen(1)
      yield* listen(1)
      const listening = yield* Effect.fork(listen(1))
      yield* E.tell(id, O.paid)
      yield* Fiber.join(listening)
      yield* E.tell(id, O.shipped)
      yield* listen(1)
      assert.deepStrictEqual(heard, ["1", "2", "3", "4", "5"])
    }))

  it.scoped("is heard by everybody who listens, also of what another replica commits", () =>
    Effect.gen(function*() {
      const as = O.customerId
      const id = yield* E.ordered(as)
      const others = yield* Effect.replicateEffect(following(id, { as, after: "1" }), 3)
      const elsewhere = (...news: ReadonlyArray<OrderCommand>) =>
        E.tell(id, ...news).pipe(Effect.provide(Layer.fresh(actors)))
      yield* elsewhere(O.reserve, O.pay)
      yield* E.tell(id, O.paid)
      yield* elsewhere(O.shipped)
      for (const { block, next } of others) {
        assert.deepStrictEqual(ids(yield* next(4)), ["2", "3", "4", "5"])
        assert.deepStrictEqual(yield* block, Option.none())
      }
    }))

  it.scoped("stays open while money is on its way back", () =>
    Effect.gen(function*() {
      const as = O.customerId
      const id = yield* E.ordered(as, O.reserve, O.pay, O.paid, O.stockLost)
      const { block, next } = yield* following(id, { as, after: "4" })
      assert.deepStrictEqual((yield* next(2)).map(({ data }) => data.event), ["StockLost", "RefundRequested"])
      yield* E.tell(id, O.refunded)
      const [last] = yield* next(1)
      assert.deepStrictEqual([last?.data.to, last?.data.order?.refund], ["Failed", "refunded"])
      assert.deepStrictEqual(yield* block, Option.none())
    }))

  it.scoped("is empty for whoever heard the last of an order, so that he does not come back", () =>
    Effect.gen(function*() {
      const as = O.customerId
      const id = yield* E.ordered(as, O.reserve, ...rest)
      const last = yield* E.call("GET", `/orders/${id}/events`, { as, headers: { "last-event-id": "5" } })
      assert.deepStrictEqual([last.status, last.text], [204, ""])
      const { block, next } = yield* following(id, { as, after: "3" })
      assert.deepStrictEqual(ids(yield* next(2)), ["4", "5"])
      assert.deepStrictEqual(yield* block, Option.none())
    }))

  it.effect("is refused to whoever asks for somebody else's, as if it were not there (H190, H193)", () =>
    Effect.gen(function*() {
      const id = yield* E.ordered(E.newCustomer())
      const as = E.newCustomer()
      const withoutIds = (text: string) => text.replace(/"correlationId":"[^"]*"/, "")
      const foreign = yield* E.call("GET", `/orders/${id}/events`, { as })
      const absent = yield* E.call("GET", `/orders/${O.newOrderId()}/events`, { as })
      assert.strictEqual(E.problem(foreign), "404 order-not-found")
      assert.strictEqual(withoutIds(foreign.text), withoutIds(absent.text))
      assert.strictEqual(E.problem(yield* E.call("GET", `/orders/${id}/events`)), "401 unauthorized")
    }))

  it.effect("is refused after an event that cannot have been told", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as)
      const after = (last: string) =>
        Effect.map(E.call("GET", `/orders/${id}/events`, { as, headers: { "last-event-id": last } }), E.problem)
      for (const wrong of ["one", "1.5", "-1", "4294967296", "1,1", "1e0", ""]) {
        assert.strictEqual(yield* after(wrong), "400 invalid-request", wrong)
      }
      assert.strictEqual(yield* after("2"), "400 unknown-version")
    }))
})

layer(E.edge({ ORDER_MAX_STREAMS: "2" }), { excludeTestServices: true, timeout: 60_000 })("streams", (it) => {
  it.effect("are no more than may be, and who leaves makes room (H198)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as)
      const crowded = yield* Scope.make()
      yield* Effect.replicateEffect(following(id, { as }), 2).pipe(Scope.extend(crowded))
      const refused = yield* E.call("GET", `/orders/${id}/events`, { as })
      assert.deepStrictEqual([E.problem(refused), refused.headers["retry-after"]], ["503 too-many-streams", "1"])
      yield* Scope.close(crowded, Exit.void)
      const two = Effect.replicateEffect(untilOpen(id, as), 2)
      assert.deepStrictEqual(yield* Effect.scoped(two), [200, 200])
    }))
})

/** Asks until there is room: a server hears a moment later that somebody left. */
const untilOpen = (id: string, as: string): ReturnType<typeof statusOf> =>
  Effect.flatMap(
    statusOf(id, as),
    (status) => status === 200 ? Effect.succeed(status) : Effect.delay(untilOpen(id, as), "10 millis")
  )

const statusOf = (id: string, as: string) => Effect.map(follow(id, { as }), ({ status }) => status)

layer(E.edge(), { excludeTestServices: true, timeout: 60_000 })("a server that is told to stop", (it) => {
  it.scoped("ends its streams at once, and each can be taken up again (H164)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const server = yield* Layer.buildWithScope(E.edge(), scope)
      const as = E.newCustomer()
      const { block, isWhole, next } = yield* Effect.provide(
        Effect.gen(function*() {
          const id = yield* E.ordered(as, O.reserve)
          return yield* following(id, { as })
        }),
        server
      )
      assert.deepStrictEqual(ids(yield* next(2)), ["1", "2"])
      const [elapsed] = yield* Effect.timed(Scope.close(scope, Exit.void))
      assert.deepStrictEqual(yield* block, Option.none())
      assert.isTrue(isWhole())
      // Requests in flight may take eight seconds.
      assert.isBelow(Duration.toSeconds(elapsed), 6)
    }))
})
