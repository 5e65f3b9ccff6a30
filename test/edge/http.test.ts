import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { System } from "../support/Addresses.ts"
import { order as place } from "../support/Edge.ts"
import type { Answer } from "../support/PlainRequest.ts"
import { json, send } from "../support/PlainRequest.ts"
import { becomes, newCustomer, newProduct, until } from "../support/Shop.ts"
import * as Running from "../support/System.ts"

/** A customer, and an order of theirs that is reserved. */
const ordered = Effect.gen(function*() {
  const customer = yield* newCustomer
  const { id } = yield* place(customer, [{ sku: yield* newProduct(5), quantity: 1 }], "wait=15")
  yield* becomes(customer, { id }, "Reserved")
  return { customer, path: `/orders/${id}` }
})

const Problem = Schema.parseJson(Schema.Struct({ type: Schema.String, help: Schema.String }))

layer(Running.layer(), { excludeTestServices: true, timeout: 150_000 })("the public edge", (it) => {
  it.effect("sends an order again only to who does not have it, by strong, weak, listed and any tags", () =>
    Effect.gen(function*() {
      const { customer, path } = yield* ordered
      const first = yield* send(customer, "GET", path)
      const { etag = "" } = first.headers
      assert.match(etag, /^"[^"]+"$/)
      assert.strictEqual(first.headers["cache-control"], "private, no-cache")
      const same = [etag, `W/${etag}`, `"other", ${etag}`, `W/"a,b",W/${etag}`, "*", ` ${etag} `]
      for (const known of same) {
        const answer = yield* send(customer, "GET", path, { headers: { "if-none-match": known } })
        assert.deepStrictEqual([answer.status, answer.body], [304, ""], known)
        assert.strictEqual(answer.headers["etag"], etag)
        assert.strictEqual(answer.headers["cache-control"], "private, no-cache")
      }
      const version = etag.slice(1, -1)
      for (const other of [`"0"`, version, `"0,${version}"`, `"${version}0"`, `"0", *`, `W/"x"`]) {
        const answer = yield* send(customer, "GET", path, { headers: { "if-none-match": other } })
        assert.deepStrictEqual([answer.status, answer.body], [200, first.body], other)
      }
      const stranger = yield* newCustomer
      assert.strictEqual((yield* send(stranger, "GET", path, { headers: { "if-none-match": "*" } })).status, 404)
    }))

  it.effect("says of everything whether it may be kept", () =>
    Effect.gen(function*() {
      const { customer, path } = yield* ordered
      const kept = (method: string, of: string) =>
        Effect.map(send(customer, method, of), ({ headers }) => headers["cache-control"])
      assert.strictEqual(yield* kept("GET", path), "private, no-cache")
      for (const  of of["/orders", `${path}/history`, "/products", "/orders/nonsense", "/nowhere", "/openapi.json"]) {
        assert.strictEqual(yield* kept("GET", of), "no-store", of)
      }
      assert.strictEqual(yield* kept("POST", `${path}/cancel`), "no-store")
      assert.strictEqual(yield* kept("GET", "/problems/not-found"), "public, max-age=3600")
    }))

  it.effect("answers HEAD as GET, without the body", () =>
    Effect.gen(function*() {
      const { customer, path } = yield* ordered
      // The list follows the orders: only then does it stay as it is.
      yield* until(send(customer, "GET", "/orders"), ({ body }) => body.includes(`"Reserved"`))
      // Of each answer's own: when it was given, its name, and how many more there may be.
      const own = { "date": "", "x-correlation-id": "", "ratelimit-remaining": "", "ratelimit-reset": "" }
      const told = (headers: Answer["headers"]) => ({ ...headers, ...own })
      const paths = [
        path,
        "/orders",
        "/orders?limit=x",
        `${path}/history?limit=1`,
        "/products",
        "/orders/nonsense",
        "/docs"
      ]
      for (const one of paths) {
        const [get, head] = [yield* send(customer, "GET", one), yield* send(customer, "HEAD", one)]
        assert.strictEqual(head.status, get.status, one)
        assert.strictEqual(head.body, "", one)
        assert.isAbove(get.body.length, 0, one)
        assert.deepStrictEqual(told(head.headers), told(get.headers), one)
      }
      const { etag = "" } = (yield* send(customer, "HEAD", path)).headers
      assert.strictEqual((yield* send(customer, "HEAD", path, { headers: { "if-none-match": etag } })).status, 304)
    }))

  it.effect("answers who does not accept JSON with 406, and does nothing", () =>
    Effect.gen(function*() {
      const { customer, path } = yield* ordered
      const refused = ["text/html", "application/json;q=0, */*", "image/*"]
      for (const accept of refused) {
        const cancelled = yield* send(customer, "POST", `${path}/cancel`, { headers: { accept } })
        assert.strictEqual(cancelled.status, 406, accept)
        assert.strictEqual((yield* send(customer, "GET", path, { headers: { accept } })).status, 406, accept)
      }
      assert.include((yield* send(customer, "GET", path)).body, `"status":"Reserved"`)
      for (const accept of ["*/*", "application/*", "text/html, */*;q=0.1", "application/json"]) {
        assert.strictEqual((yield* send(customer, "GET", path, { headers: { accept } })).status, 200, accept)
      }
      const html = { headers: { accept: "text/html" } }
      assert.strictEqual((yield* send(customer, "GET", "/docs", html)).status, 200)
      assert.strictEqual((yield* send(customer, "GET", "/nowhere", html)).status, 404)
      assert.strictEqual((yield* send(customer, "DELETE", path, html)).status, 405)
    }))

  it.effect("answers a body that is no JSON with 415, and does nothing", () =>
    Effect.gen(function*() {
      const customer = yield* newCustomer
      const body = `{"lines":[{"sku":"${yield* newProduct(5)}","quantity":1}]}`
      const types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/json; charset=latin1"
      ]
      for (const type of types) {
        const answer = yield* send(customer, "POST", "/orders", { body, headers: { "content-type": type } })
        assert.strictEqual(answer.status, 415, type)
        assert.strictEqual(answer.headers["accept"], "application/json")
      }
      const packed = { "content-type": "application/json", "content-encoding": "gzip" }
      assert.strictEqual((yield* send(customer, "POST", "/orders", { body, headers: packed })).status, 415)
      assert.strictEqual((yield* send(customer, "GET", "/orders")).body, `{"items":[]}`)
    }))

  it.effect("answers a method that it does not know with 405, and says which it knows", () =>
    Effect.gen(function*() {
      const { customer, path } = yield* ordered
      const wrong = [
        ["DELETE", "/orders", ["GET", "HEAD", "POST"]],
        ["PUT", path, ["GET", "HEAD"]],
        ["PATCH", `${path}/history`, ["GET", "HEAD"]],
        ["GET", `${path}/pay`, ["POST"]],
        ["HEAD", `${path}/cancel`, ["POST"]],
        ["POST", "/products", ["GET", "HEAD"]]
      ] as const
      for (const [method, of, allow] of wrong) {
        const answer = yield* send(customer, method, of)
        assert.strictEqual(answer.status, 405, `${method} ${of}`)
        assert.deepStrictEqual((answer.headers["allow"] ?? "").split(", ").toSorted(), [...allow])
      }
    }))

  it.effect("tells where to read about each problem, on the port that it came from, and to anybody", () =>
    Effect.gen(function*() {
      const { customer, path } = yield* ordered
      const { inventory, order, payment, warehouse } = yield* System
      const met = [
        [order, yield* send(customer, "GET", "/orders/nonsense")],
        [order, yield* send(customer, "GET", "/orders?limit=x")],
        [order, yield* send(customer, "POST", "/orders", { body: "{", headers: json })],
        [order, yield* send(customer, "GET", path, { headers: { accept: "text/html" } })],
        [inventory, yield* send({ url: inventory, token: customer.token }, "GET", "/stock")],
        [warehouse, yield* send({ url: warehouse }, "GET", "/shipments")],
        [payment, yield* send({ url: payment }, "POST", "/webhooks/stripe", { body: "{}", headers: json })]
      ] as const
      for (const [url, answer] of met) {
        const { help, type } = yield* Schema.decode(Problem)(answer.body)
        const page = yield* send({ url }, "GET", help)
        assert.strictEqual(page.status, 200, help)
        assert.match(page.headers["content-type"] ?? "", /^text\/markdown/)
        assert.include(page.body, `\`${type}\``)
        assert.include(page.body, "**What to do:**")
      }
      assert.strictEqual((yield* send({ url: order }, "GET", "/problems/nothing")).status, 404)
    }))
})
