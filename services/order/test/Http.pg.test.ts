import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { ServerUrl } from "@quartet/hosting/HttpServer"
import { Effect, Schema } from "effect"
import { request } from "node:http"
import { v7 } from "uuid"
import * as E from "./support/Edge.ts"
import * as O from "./support/Orders.ts"
import { countOf, said } from "./support/Service.ts"

const rows = Effect.fnUntraced(function*() {
  const sql = yield* SqlClient.SqlClient
  const [counts] = yield* sql`SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM outbox) AS outbox,
    (SELECT count(*) FROM order_transitions) AS transitions, (SELECT count(*) FROM idempotency_keys) AS keys`
  return { ...counts }
})

layer(E.edge(), { excludeTestServices: true, timeout: 60_000 })("the public edge", (it) => {
  it.effect("takes an order at the server's prices and shows it at once (H42, H181)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const placed = yield* E.call("POST", "/orders", { as, body: E.tea })
      assert.strictEqual(placed.status, 201)
      const { id } = E.shown(placed)
      assert.strictEqual(placed.headers["location"], `/orders/${id}`)
      assert.strictEqual(placed.headers["cache-control"], "no-store")
      assert.deepInclude(E.json(placed), {
        status: "Draft",
        version: 1,
        refund: "none",
        total: { amount: 7680, currency: "EUR" },
        lines: [
          { sku: "TEA", name: "The TEA", quantity: 2, unitPrice: { amount: 890, currency: "EUR" } },
          { sku: "POT", name: "The POT", quantity: 1, unitPrice: { amount: 5900, currency: "EUR" } }
        ]
      })
      const seen = yield* E.call("GET", `/orders/${id}`, { as })
      assert.strictEqual(seen.status, 200)
      assert.strictEqual(seen.text, placed.text)
    }))

  it.effect("lets an order be paid once it is reserved (H19, H21, H22)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as)
      const pay = (key: string) => E.call("POST", `/orders/${id}/pay`, { as, key, body: E.card })
      const early = yield* pay("one")
      assert.strictEqual(E.problem(early), "409 not-reserved")
      assert.strictEqual(early.headers["retry-after"], "1")
      assert.match(early.headers["content-type"] ?? "", /^application\/problem\+json/)
      yield* E.tell(id, O.reserve)
      const pending = yield* pay("one") // a refusal did not burn the key (H13)
      assert.deepStrictEqual([pending.status, E.shown(pending).status], [202, "PaymentPending"])
      assert.strictEqual(E.problem(yield* pay("two")), "409 payment-in-progress")
      yield* E.tell(id, O.paid)
      const again = yield* pay("three")
      assert.deepStrictEqual([again.status, E.shown(again).status], [200, "Paid"])
      yield* E.tell(id, O.shipped)
      assert.strictEqual((yield* pay("four")).status, 200)
      assert.strictEqual((yield* said(id)).filter((type) => type === "order.payment_requested.v1").length, 1)
    }))

  it.effect("returns the first answer byte for byte when the same request comes again (H01, H07, H11, H15)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const first = yield* E.call("POST", "/orders", { as, key: "k", raw: `{"lines":[{"sku":"TEA","quantity":2}]}` })
      const { id } = E.shown(first)
      yield* E.tell(id, O.reserve)
      const before = yield* rows()
      for (const key of ["k", `"k"`]) {
        const raw = `  {"lines": [ {"quantity": 2e0, "sku": "\\u0054EA"} ] }`
        const again = yield* E.call("POST", "/orders", { as, key, raw })
        assert.strictEqual(again.text, first.text)
        assert.strictEqual(again.status, 201)
        assert.strictEqual(again.headers["location"], first.headers["location"])
        assert.strictEqual(again.headers["idempotent-replayed"], "true")
      }
      assert.isUndefined(first.headers["idempotent-replayed"])
      assert.deepStrictEqual(yield* rows(), before)
      const pay = () => E.call("POST", `/orders/${id}/pay`, { as, key: "p", body: E.card })
      const paid = yield* pay()
      yield* E.tell(id, O.declined)
      assert.deepStrictEqual([(yield* pay()).text, paid.status], [paid.text, 202])
    }))

  it.effect("pays once when the button is pressed fifty times at once (H02)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as, O.reserve)
      const replies = yield* Effect.all(
        Array.from({ length: 50 }, () => E.call("POST", `/orders/${id}/pay`, { as, key: "p", body: E.card })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(replies.map(({ status }) => status)), new Set([202]))
      assert.strictEqual(new Set(replies.map(({ text }) => text)).size, 1)
      assert.strictEqual(replies.filter(({ headers }) => headers["idempotent-replayed"] === undefined).length, 1)
      assert.strictEqual(yield* countOf("order_transitions", id), 3)
    }))

  it.effect("binds a key to its request and its customer (H03, H04, H05, H16)", () =>
    Effect.gen(function*() {
      const [as, other] = [E.newCustomer(), E.newCustomer()]
      const [id, second] = [yield* E.ordered(as, O.reserve), yield* E.ordered(as, O.reserve)]
      const first = yield* E.call("POST", "/orders", { as, key: "k", body: E.tea })
      const reuses = [
        E.call("POST", "/orders", { as, key: "k", body: { lines: [{ sku: "TEA", quantity: 3 }] } }),
        E.call("POST", `/orders/${id}/pay`, { as, key: "k", body: E.card }),
        E.call("POST", `/orders/${id}/cancel`, { as, key: "k" })
      ]
      for (const reuse of reuses) assert.strictEqual(E.problem(yield* reuse), "422 idempotency-key-reused")
      yield* E.call("POST", `/orders/${id}/pay`, { as, key: "p", body: E.card })
      const elsewhere = yield* E.call("POST", `/orders/${second}/pay`, { as, key: "p", body: E.card })
      assert.strictEqual(E.problem(elsewhere), "422 idempotency-key-reused")
      assert.strictEqual(yield* countOf("order_transitions", second), 2)
      assert.strictEqual((yield* E.call("POST", "/orders", { as, key: "k", body: E.tea })).text, first.text)
      const theirs = yield* E.call("POST", "/orders", { as: other, key: "k", body: E.tea })
      assert.notStrictEqual(E.shown(theirs).id, E.shown(first).id)
      assert.isUndefined(theirs.headers["idempotent-replayed"])
    }))

  it.effect("refuses a key that is none before anything is read or written (H06, H195)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const id = yield* E.ordered(as, O.reserve)
      const before = yield* rows()
      const pay = (headers: Readonly<Record<string, string>>) =>
        E.call("POST", `/orders/${id}/pay`, { as, body: E.card, headers })
      assert.strictEqual(E.problem(yield* pay({})), "400 invalid-request")
      const malformed = ["", "k".repeat(256), "k\u00e9y", `"open`, `""`, `"a" "b"`, "a\tb", "4242424242424242"]
      for (const key of malformed) {
        const reply = yield* pay({ "idempotency-key": key })
        assert.strictEqual(E.problem(reply), "400 invalid-idempotency-key", key)
      }
      const place = yield* E.call("POST", "/orders", { as, key: "k".repeat(256), body: E.tea })
      assert.strictEqual(E.problem(place), "400 invalid-idempotency-key")
      assert.strictEqual(yield* sentTwice(id, yield* E.tokenOf(as)), 400)
      assert.deepStrictEqual(yield* rows(), before)
      assert.strictEqual((yield* pay({ "idempotency-key": "k".repeat(255) })).status, 202)
    }))

  it.effect("cancels until the parcel left, once (H25, H29, H31, H32)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const cancel = (id: string, headers = {}) => E.call("POST", `/orders/${id}/cancel`, { as, headers })
      const id = yield* E.ordered(as, O.reserve)
      const both = yield* Effect.all([cancel(id), cancel(id)], { concurrency: 2 })
      assert.deepStrictEqual(both.map(({ status }) => status), [200, 200])
      assert.strictEqual(both[0].text, both[1].text)
      assert.strictEqual((yield* said(id)).filter((type) => type === "order.cancelled.v1").length, 1)
      assert.strictEqual(
        E.problem(yield* E.call("POST", `/orders/${id}/pay`, { as, key: "k", body: E.card })),
        "409 order-cancelled"
      )
      const pay = { ...O.pay, customerId: O.customerId }
      const paid = yield* E.ordered(O.customerId, O.reserve, pay, O.paid)
      const asked = yield* E.call("POST", `/orders/${paid}/cancel`, { as: O.customerId })
      assert.deepStrictEqual([asked.status, E.json(asked)["cancelling"]], [202, true])
      yield* E.tell(paid, O.shipped)
      const late = yield* E.call("POST", `/orders/${paid}/cancel`, { as: O.customerId })
      assert.strictEqual(E.problem(late), "409 order-shipped")
      const failed = yield* E.ordered(as, O.outOfStock)
      assert.strictEqual(E.problem(yield* cancel(failed)), "409 order-failed")
      assert.strictEqual(
        E.problem(yield* E.call("POST", `/orders/${id}/cancel`, { as, body: { state: "Paid" } })),
        "400 invalid-request"
      )
    }))

  it.effect("shows nobody else's order, just as one that does not exist (H190, H191)", () =>
    Effect.gen(function*() {
      const id = yield* E.ordered(E.newCustomer(), O.reserve)
      const as = E.newCustomer()
      const asks = (id: string) => [
        E.call("GET", `/orders/${id}`, { as }),
        E.call("GET", `/orders/${id}/history`, { as }),
        E.call("POST", `/orders/${id}/pay`, { as, key: v7(), body: E.card }),
        E.call("POST", `/orders/${id}/cancel`, { as })
      ]
      const without = (reply: E.Reply) => ({ ...E.json(reply), correlationId: "" })
      for (const unknown of [v7(), "6f2c4a52-0d1d-4d2e-9c80-1f6f0e1b7b11", "nonsense"]) {
        const pairs = yield* Effect.all(
          asks(id).map((theirs, index) => Effect.all([theirs, asks(unknown)[index] ?? theirs]))
        )
        for (const [theirs, none] of pairs) {
          assert.strictEqual(E.problem(theirs), "404 order-not-found")
          assert.deepStrictEqual(without(theirs), without(none))
        }
      }
    }))

  it.effect("lets nobody in without a token, and only operators change prices (H193)", () =>
    Effect.gen(function*() {
      const before = yield* rows()
      for (
        const ask of [
          E.call("POST", "/orders", { body: E.tea }),
          E.call("GET", "/orders"),
          E.call("GET", `/orders/${v7()}`),
          E.call("POST", "/orders", { body: E.tea, headers: { authorization: "Bearer x.y.z" } })
        ]
      ) assert.strictEqual((yield* ask).status, 401)
      const body = { name: "Cup", price: { amount: 300, currency: "EUR" } }
      assert.strictEqual((yield* E.put("CUP", body, {})).status, 401)
      assert.strictEqual((yield* E.put("CUP", body, { as: "ada" })).status, 403)
      assert.deepStrictEqual(yield* rows(), before)
    }))

  it.effect("keeps the price of an order when the list changes (H188)", () =>
    Effect.gen(function*() {
      const as = E.newCustomer()
      const put = (amount: number) => E.put("CUP", { name: "Cup", price: { amount, currency: "EUR" } })
      assert.strictEqual((yield* put(300)).status, 200)
      const order = { lines: [{ sku: "CUP", quantity: 2 }] }
      const { id } = E.shown(yield* E.call("POST", "/orders", { as, body: order }))
      yield* put(900)
      assert.deepInclude(E.json(yield* E.call("GET", `/orders/${id}`, { as })), {
        total: { amount: 600, currency: "EUR" }
      })
      const listed = yield* E.call("GET", "/products")
      assert.include(listed.text, `{"sku":"CUP","name":"Cup","price":{"amount":900,"currency":"EUR"}}`)
      const first = E.json(yield* E.call("GET", "/products?limit=1"))
      assert.deepInclude(first, { items: [{ sku: "CUP", name: "Cup", price: { amount: 900, currency: "EUR" } }] })
      const next = yield* E.call("GET", `/products?limit=100&cursor=${String(first["nextCursor"])}`)
      assert.isFalse(next.text.includes("CUP"))
      assert.isUndefined(E.json(next)["nextCursor"])
    }))

  it.effect("describes itself", () =>
    Effect.gen(function*() {
      const description = yield* E.call("GET", "/openapi.json")
      const { paths } = Schema.decodeUnknownSync(
        Schema.Struct({ paths: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
      )(E.json(description))
      assert.includeMembers(Object.keys(paths), ["/orders", "/orders/{id}/pay", "/products"])
      assert.strictEqual((yield* E.call("GET", "/docs")).status, 200)
      assert.strictEqual((yield* E.call("DELETE", "/orders", { as: "ada" })).headers["allow"], "POST, GET, HEAD")
    }))
})

/** Two headers of one name, which most clients would join. */
const sentTwice = Effect.fnUntraced(function*(id: string, token: string) {
  const url = yield* ServerUrl
  return yield* Effect.async<number>((resume) => {
    const sent = request(`${url}/orders/${id}/pay`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "idempotency-key": ["a", "b"]
      }
    }, (response) => {
      response.resume()
      resume(Effect.succeed(response.statusCode ?? 0))
    })
    sent.end(`{"paymentMethodId":"pm_card_visa"}`)
  })
})
