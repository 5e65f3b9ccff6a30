import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { ServerUrl } from "@quartet/hosting/HttpServer"
import { Duration, Effect, Fiber, Layer } from "effect"
import { request } from "node:http"
import type { OrderCommand } from "../src/domain/Command.ts"
import * as E from "./support/Edge.ts"
import * as O from "./support/Orders.ts"
import { actors, countOf, held, untilSomebodyWaits } from "./support/Service.ts"

const patient = { prefer: "wait=20" }

/** Looks again until it is so: it waits for something, and fails with the test's own limit. */
const until = <A, Err, R>(effect: Effect.Effect<A, Err, R>, isSo: (found: A) => boolean): Effect.Effect<A, Err, R> =>
  Effect.flatMap(
    effect,
    (found) => isSo(found) ? Effect.succeed(found) : Effect.delay(until(effect, isSo), "10 millis")
  )

const ordersOf = Effect.fnUntraced(function*(customer: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ id: string }>`SELECT order_id AS id FROM orders WHERE customer_id = ${customer}`
  return rows.map(({ id }) => id)
})

layer(E.edge(), { excludeTestServices: true, timeout: 60_000 })("Prefer: wait", (it) => {
  it.effect("holds the answer to a new order until stock answered", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const placing = yield* Effect.fork(E.call("POST", "/orders", { as, body: E.tea, headers: patient }))
      const [id = ""] = yield* until(ordersOf(as), (found) => found.length === 1)
      yield* E.tell(id, O.reserve)
      const placed = yield* Fiber.join(placing)
      assert.deepStrictEqual([placed.status, E.shown(placed).status], [201, "Reserved"])
      assert.strictEqual(placed.headers["preference-applied"], "wait=20")
    }))

  it.effect("gives every repetition the bytes that the first caller waited for (H01, H02)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as, O.reserve)
      const pay = (headers = {}) => E.call("POST", `/orders/${id}/pay`, { as, key: "k", body: E.card, headers })
      const paying = yield* Effect.fork(
        Effect.all(Array.from({ length: 10 }, () => pay(patient)), { concurrency: "unbounded" })
      )
      yield* until(countOf("order_transitions", id), (count) => count === 3)
      const meanwhile = yield* pay()
      assert.strictEqual(E.problem(meanwhile), "409 idempotency-key-in-progress")
      assert.strictEqual(meanwhile.headers["retry-after"], "1")
      yield* E.tell(id, O.paid)
      const replies = yield* Fiber.join(paying)
      assert.deepStrictEqual(replies.map((reply) => E.shown(reply).status), replies.map(() => "Paid"))
      assert.strictEqual(new Set(replies.map(({ text }) => text)).size, 1)
      assert.strictEqual(replies.filter(({ headers }) => headers["idempotent-replayed"] === "true").length, 9)
      const again = yield* pay()
      assert.deepStrictEqual([again.status, again.text], [200, replies[0]?.text])
      assert.strictEqual(again.headers["idempotent-replayed"], "true")
      assert.strictEqual((yield* pay(patient)).text, again.text)
    }))

  it.effect("gives twins that were decided together no answer but the last (H02)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const [id, busy] = [yield* E.ordered(as, O.reserve), yield* E.ordered(as)]
      const pay = (headers = {}) => E.call("POST", `/orders/${id}/pay`, { as, key: "k", body: E.card, headers })
      // Whatever was sent before this was answered has reached the actor.
      const arrived = Effect.repeatN(E.call("GET", `/orders/${id}`, { as }), 4)
      // While the actor is held up by another order, the twins gather, and are then taken as one batch.
      const other = yield* held(busy)
      const working = yield* Effect.fork(E.tell(busy, O.reserve))
      yield* untilSomebodyWaits
      const patiently = yield* Effect.fork(pay(patient))
      yield* arrived
      const alsoPatiently = yield* Effect.fork(pay(patient))
      const twins = yield* Effect.fork(Effect.all([pay(), pay(), pay()], { concurrency: 3 }))
      yield* arrived
      yield* other.release
      yield* Fiber.join(working)
      assert.deepStrictEqual((yield* Fiber.join(twins)).map(({ status }) => status), [409, 409, 409])
      yield* E.tell(id, O.paid)
      const answer = yield* Fiber.join(patiently)
      assert.strictEqual((yield* Fiber.join(alsoPatiently)).text, answer.text)
      assert.deepStrictEqual([answer.status, (yield* pay()).text], [200, answer.text])
    }))

  it.effect("ends when the customer has to act, and when the payment failed", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const endings = [[O.action, 202, "PaymentPending"], [O.declined, 200, "Failed"]] satisfies ReadonlyArray<
        [OrderCommand, number, string]
      >
      for (const [news, status, stage] of endings) {
        const id = yield* E.ordered(as, O.reserve)
        const paying = yield* Effect.fork(
          E.call("POST", `/orders/${id}/pay`, { as, key: id, body: E.card, headers: patient })
        )
        yield* until(countOf("order_transitions", id), (count) => count === 3)
        yield* E.tell(id, news)
        const reply = yield* Fiber.join(paying)
        assert.deepStrictEqual([reply.status, E.shown(reply).status], [status, stage])
        const shownAction = E.json(reply)["nextAction"]
        assert.deepStrictEqual(shownAction, stage === "PaymentPending" ? O.action.nextAction : undefined)
      }
    }))

  it.effect("holds the answer to a cancellation until the warehouse decided (H29, H30)", () =>
    Effect.gen(function*() {
      const as = O.customerId
      const endings = [[O.notShipped, "200 Cancelled"], [O.shipped, "409 order-shipped"]] satisfies ReadonlyArray<
        [OrderCommand, string]
      >
      for (const [news, expected] of endings) {
        const id = yield* E.ordered(as, O.reserve, O.pay, O.paid)
        const asking = { as, key: `c-${id}`, headers: patient }
        const cancelling = yield* Effect.fork(E.call("POST", `/orders/${id}/cancel`, asking))
        yield* until(countOf("order_transitions", id), (count) => count === 5)
        yield* E.tell(id, news)
        const reply = yield* Fiber.join(cancelling)
        assert.strictEqual(reply.status === 200 ? `200 ${E.shown(reply).status}` : E.problem(reply), expected)
        const again = yield* E.call("POST", `/orders/${id}/cancel`, asking)
        assert.deepStrictEqual([again.status, again.text], [reply.status, reply.text])
        assert.strictEqual(again.headers["content-type"], reply.headers["content-type"])
      }
    }))

  it.effect("follows an order until nothing is under way, also what another replica commits", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as)
      const looking = yield* Effect.fork(E.call("GET", `/orders/${id}`, { as, headers: patient }))
      yield* E.tell(id, O.reserve).pipe(Effect.provide(Layer.fresh(actors)))
      const seen = yield* Fiber.join(looking)
      assert.strictEqual(E.shown(seen).status, "Reserved")
      assert.strictEqual(seen.headers["preference-applied"], "wait=20")
    }))

  it.effect("answers what it knows when the time is up, and at once when nothing is to be waited for", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as)
      const asks = (prefer: string) => E.call("GET", `/orders/${id}`, { as, headers: { prefer } })
      const [elapsed, late] = yield* Effect.timed(asks("wait=1"))
      assert.strictEqual(E.shown(late).status, "Draft")
      assert.isAtLeast(Duration.toMillis(elapsed), 1000)
      assert.strictEqual((yield* asks("wait=0")).headers["preference-applied"], "wait=0")
      assert.isUndefined((yield* asks("wait=soon")).headers["preference-applied"])
      yield* E.tell(id, O.reserve)
      assert.strictEqual((yield* asks("wait=99")).headers["preference-applied"], "wait=30")
    }))

  it.effect("does the work of a caller who hung up, and keeps the answer (H10, H11)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as, O.reserve)
      const url = `${yield* ServerUrl}/orders/${id}/pay`
      const headers = {
        authorization: `Bearer ${yield* E.tokenOf(as)}`,
        "content-type": "application/json",
        "idempotency-key": "k",
        ...patient
      }
      const sent = yield* Effect.sync(() => request(url, { method: "POST", headers }))
      yield* Effect.sync(() => sent.on("error", () => {}).end(`{"paymentMethodId":"pm_card_visa"}`))
      yield* until(countOf("order_transitions", id), (count) => count === 3)
      yield* Effect.sync(() => sent.destroy())
      yield* E.tell(id, O.paid)
      const retry = E.call("POST", `/orders/${id}/pay`, { as, key: "k", body: E.card })
      const replayed = yield* until(retry, ({ status }) => status !== 409)
      assert.deepStrictEqual([replayed.status, E.shown(replayed).status], [200, "Paid"])
      assert.strictEqual(replayed.headers["idempotent-replayed"], "true")
    }))
})
