import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import * as Token from "quartet/Token"
import { v7 } from "uuid"
import { System } from "../support/Addresses.ts"
import type { Answer, Sending } from "../support/PlainRequest.ts"
import { json, nameOf, problemIn, send, write } from "../support/PlainRequest.ts"
import { brokenAtRest, newCustomer, newProduct } from "../support/Shop.ts"
import * as Running from "../support/System.ts"
import { count } from "../support/Tables.ts"

const settings = {
  CUSTOMER_REQUESTS_PER_SECOND: "1",
  CUSTOMER_REQUESTS_BURST: "60",
  CUSTOMER_OPEN_ORDERS: "3",
  CUSTOMER_FAILED_PAYMENTS_PER_HOUR: "2"
}

/** So short that a busy machine may exceed them by itself: only those who are slow on purpose are met with these. */
const hurried = { ...settings, HTTP_HEADER_TIMEOUT: "1 seconds", HTTP_REQUEST_TIMEOUT: "2 seconds" }

const ordering = (sku: string) => `{"lines":[{"sku":"${sku}","quantity":1}]}`
const place = (customer: Customer.Customer, body: string, headers: Sending["headers"] = {}) =>
  send(customer, "POST", "/orders", { body, headers: { ...json, ...headers } })
const keyed = (key: string) => ({ "idempotency-key": key })
const kept = (key: string) => count("\"order\".idempotency_keys WHERE key = $1", key)
const Items = Schema.parseJson(Schema.Struct({ items: Schema.Array(Schema.Unknown) }))

/** Pays this way and waits for the outcome. */
const pay = (customer: Customer.Customer, id: string, key: string, card: string) =>
  send(customer, "POST", `/orders/${id}/pay`, {
    body: `{"paymentMethodId":"${card}"}`,
    headers: { ...json, ...keyed(key), prefer: "wait=15" }
  })

const many = <A, E, R>(times: number, asking: Effect.Effect<A, E, R>) =>
  Effect.all(Array.from({ length: times }, () => asking), { concurrency: "unbounded" })

const isRefused = ({ status }: Answer) => status === 429

layer(Running.layer(settings), { excludeTestServices: true, timeout: 150_000 })("the public edge limits", (it) => {
  it.effect("how often one customer may ask, and serves others meanwhile; no key is burnt (H199, H13)", () =>
    Effect.gen(function*() {
      const [flooding, other] = yield* Effect.all([newCustomer, newCustomer])
      const sku = yield* newProduct(50)
      const flood = yield* Effect.fork(many(150, send(flooding, "GET", "/orders")))
      const served = yield* place(other, ordering(sku))
      assert.strictEqual(served.status, 201)
      assert.strictEqual(served.headers["ratelimit-limit"], "60")
      const answers = yield* Fiber.join(flood)
      const refused = answers.filter(isRefused)
      assert.isAbove(refused.length, 20)
      assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))].toSorted(), [200, 429])
      for (const answer of refused) {
        assert.strictEqual(yield* nameOf(answer), "429 too-many-requests")
        assert.match(answer.headers["retry-after"] ?? "", /^[1-9]\d*$/)
        assert.strictEqual(answer.headers["ratelimit-remaining"], "0")
        assert.match(answer.headers["ratelimit-reset"] ?? "", /^[1-9]\d*$/)
      }
      const exhausted = Effect.repeat(send(flooding, "GET", "/orders"), { until: isRefused, times: 200 })
      const placing = (key: string) => place(flooding, ordering(sku), keyed(key))
      const tried = Effect.suspend(() => {
        const key = v7()
        return Effect.map(Effect.zipRight(exhausted, placing(key)), (answer) => ({ answer, key }))
      })
      // On a slow machine the customer may have earned a request between the two.
      const { answer, key } = yield* Effect.repeat(tried, { until: (one) => isRefused(one.answer), times: 1 })
      assert.strictEqual(answer.status, 429)
      assert.strictEqual(yield* kept(key), 0)
      const again = Effect.delay(placing(key), "100 millis")
      const later = yield* Effect.repeat(again, { until: (one) => !isRefused(one) })
      assert.deepStrictEqual([later.status, later.headers["idempotent-replayed"]], [201, undefined])
    }))

  it.effect("how many orders one customer may have open, though all come at once; each end makes room (H199)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const sku = yield* newProduct(50)
      const answers = yield* many(12, place(customer, ordering(sku), { prefer: "wait=10" }))
      const placed = answers.filter(({ status }) => status === 201)
      assert.strictEqual(placed.length, 3)
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        assert.strictEqual(yield* nameOf(answer), "409 too-many-open-orders")
      }
      const first = placed[0]?.headers["location"] ?? ""
      assert.strictEqual((yield* send(customer, "POST", `${first}/cancel`)).status, 200)
      const again = yield* many(3, place(customer, ordering(sku)))
      assert.strictEqual(again.filter(({ status }) => status === 201).length, 1)
    }))

  it.effect("how many cards one customer may try within an hour: the next is not tried at all (H200)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const sku = yield* newProduct(50)
      const tries = yield* Effect.forEach(["one", "two", "three"], (name) =>
        Effect.gen(function*() {
          const { id } = yield* Customer.place(customer, sku, 1)
          const key = `${name} ${v7()}`
          return { id, key, answer: yield* pay(customer, id, key, "pm_card_visa_chargeDeclined") }
        }))
      assert.deepStrictEqual(tries.map(({ answer }) => answer.status), [200, 200, 429])
      const [, , third] = tries
      if (third === undefined) return assert.fail("There are three tries.")
      assert.strictEqual(yield* nameOf(third.answer), "429 too-many-failed-payments")
      assert.isAbove(Number(third.answer.headers["retry-after"]), 3000)
      assert.strictEqual((yield* pay(customer, third.id, v7(), "pm_card_visa")).status, 429)
      assert.strictEqual(yield* kept(third.key), 0)
      assert.strictEqual(yield* count("payment.payments WHERE order_id = $1", third.id), 0)
      const other = yield* newCustomer
      const { id } = yield* Customer.place(other, sku, 1)
      assert.strictEqual((yield* pay(other, id, v7(), "pm_card_visa")).status, 200)
    }))

  it.effect("how much one answer holds, whatever is asked for (H201)", () =>
    Effect.gen(function*() {
      const operator = { url: (yield* System).order, token: yield* Token.forOperator }
      const customer = yield* newCustomer
      yield* Effect.replicateEffect(newProduct(0), 22)
      const { id } = yield* Customer.place(customer, yield* newProduct(5), 1)
      const listed = yield* Schema.decode(Items)((yield* send(operator, "GET", "/products")).body)
      assert.strictEqual(listed.items.length, 20)
      for (const path of ["/orders", `/orders/${id}/history`, "/products"]) {
        assert.strictEqual((yield* send(customer, "GET", `${path}?limit=100`)).status, 200)
        for (const limit of ["101", "0", "-1", "1e9", "all", ""]) {
          const answer = yield* send(customer, "GET", `${path}?limit=${limit}`)
          assert.strictEqual(yield* nameOf(answer), "400 invalid-request", `${path} ${limit}`)
          const { detail, errors } = yield* problemIn(answer)
          assert.deepStrictEqual(errors.map(({ pointer }) => pointer), ["/limit"], answer.body)
          assert.match(detail, /^"limit" must be /)
        }
      }
    }))

  it.effect("and leaves nothing undone", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* brokenAtRest(), [])
    }))
})

layer(Running.layer(hurried), { excludeTestServices: true, timeout: 150_000 })("the public edge limits", (it) => {
  it.effect("how much, how slowly and with how many fields one may ask; others are served meanwhile (H198)", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const { order, payment } = yield* System
      const body = ordering(yield* newProduct(5))
      const slow = yield* Effect.fork(Effect.all([
        write({ url: order }, "GET /products HTTP/1.1\r\nHost: a\r\n"),
        write({ url: order }, "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{")
      ], { concurrency: 2 }))
      assert.strictEqual((yield* place(customer, body + " ".repeat(65_536 - body.length))).status, 201)
      assert.strictEqual(
        yield* nameOf(yield* place(customer, body + " ".repeat(65_537 - body.length))),
        "413 content-too-large"
      )
      const chunked = yield* place(customer, body + " ".repeat(70_000), { "transfer-encoding": "chunked" })
      assert.strictEqual(yield* nameOf(chunked), "413 content-too-large")
      const news = (bytes: number) =>
        send({ url: payment }, "POST", "/webhooks/stripe", { body: " ".repeat(bytes), headers: json })
      assert.strictEqual((yield* news(256 * 1024 + 1)).status, 413)
      assert.strictEqual((yield* news(256 * 1024)).status, 400)
      const fields = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`x-field-${index}`, "x".repeat(50)]))
      assert.strictEqual((yield* send(customer, "GET", "/orders", { headers: fields })).status, 431)
      for (const said of yield* Fiber.join(slow)) assert.match(said, /^HTTP\/1\.1 408 /)
      assert.strictEqual((yield* send(customer, "GET", "/orders")).status, 200)
    }))
})
