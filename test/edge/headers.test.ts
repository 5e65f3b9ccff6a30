import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import type { Answer, Caller } from "../support/PlainRequest.ts"
import { json, problemIn, send } from "../support/PlainRequest.ts"
import { becomes, newCustomer, newProduct } from "../support/Shop.ts"
import * as Running from "../support/System.ts"

const shop = "https://shop.example"
const ordering = (sku: string) => `{"lines":[{"sku":"${sku}","quantity":1}]}`

/** One answer of each kind that customers meet, by its status. */
const answers = Effect.gen(function*() {
  const customer = yield* newCustomer
  const sku = yield* newProduct(5)
  const { id } = yield* Customer.place(customer, sku, 1)
  const path = `/orders/${id}`
  const nobody: Caller = { url: customer.url }
  const post = (of: string, body: string, headers = {}) =>
    send(customer, "POST", of, { body, headers: { ...json, ...headers } })
  const { headers: { etag = "" } } = yield* send(customer, "GET", path)
  const met = yield* Effect.all([
    send(customer, "GET", path),
    post("/orders", ordering(sku)),
    send(customer, "GET", path, { headers: { "if-none-match": etag } }),
    post("/orders", "{"),
    send(nobody, "GET", path),
    send(customer, "GET", "/nowhere"),
    send(customer, "DELETE", path),
    send(customer, "GET", path, { headers: { accept: "text/html" } }),
    post("/orders", " ".repeat(65_537)),
    send(customer, "POST", "/orders", { body: "a", headers: { "content-type": "text/plain" } }),
    post("/orders", ordering("nothing-of-ours")),
    post(`${path}/pay`, `{"paymentMethodId":"pm_card_visa"}`, { "idempotency-key": v7() }),
    send(nobody, "GET", "/docs"),
    send(nobody, "GET", "/products"),
    send(nobody, "GET", "/problems/not-found")
  ])
  return { customer, path, sku, met }
})

const corsOf = ({ headers }: Answer) => Object.keys(headers).filter((name) => name.startsWith("access-control-"))

layer(Running.layer({ CORS_ORIGINS: shop }), { excludeTestServices: true, timeout: 150_000 })("every answer", (it) => {
  it.effect("has the fields that keep browsers from doing harm with it, and a name to ask about it by", () =>
    Effect.gen(function*() {
      const { customer, met, path } = yield* answers
      assert.deepStrictEqual(
        met.map(({ status }) => status),
        [200, 201, 304, 400, 401, 404, 405, 406, 413, 415, 422, 202, 200, 200, 200]
      )
      for (const { headers, status } of met) {
        assert.strictEqual(headers["x-content-type-options"], "nosniff", String(status))
        assert.strictEqual(headers["x-frame-options"], "DENY", String(status))
        assert.strictEqual(headers["referrer-policy"], "no-referrer", String(status))
        assert.match(headers["content-security-policy"] ?? "", /^default-src 'none'; /, String(status))
        assert.isDefined(headers["cache-control"], String(status))
        assert.isUndefined(headers["x-powered-by"], String(status))
        assert.isUndefined(headers["server"], String(status))
        assert.match(headers["x-correlation-id"] ?? "", /^[0-9a-f-]{36}$/)
      }
      assert.strictEqual(new Set(met.map(({ headers }) => headers["x-correlation-id"])).size, met.length)
      const asked = yield* send(customer, "GET", path, { headers: { "x-correlation-id": "screen-7:a" } })
      assert.strictEqual(asked.headers["x-correlation-id"], "screen-7:a")
    }))

  it.effect("that is a refusal is a problem document, in words and with nothing of our insides (H197)", () =>
    Effect.gen(function*() {
      const { met } = yield* answers
      for (const answer of met.filter(({ status }) => status >= 400)) {
        assert.strictEqual(answer.headers["content-type"], "application/problem+json")
        const { correlationId, detail, status, title, type } = yield* problemIn(answer)
        assert.strictEqual(status, answer.status)
        assert.strictEqual(correlationId, answer.headers["x-correlation-id"])
        assert.match(type, /^urn:quartet:problem:[a-z-]+$/)
        assert.match(detail, /^["`A-Z0-9].*[.!?]$/, detail)
        assert.isAbove(title.length, 5)
        assert.notMatch(answer.body, /\n\s+at |node_modules|SELECT |INSERT |SqlError|ECONN|stack/i)
      }
      const refused = met.find(({ status }) => status === 405)
      assert.deepStrictEqual(refused?.headers["allow"]?.split(", ").toSorted(), ["GET", "HEAD"])
    }))

  it.effect("says how long it was held back, where that was wished for in words that can be understood", () =>
    Effect.gen(function*() {
      const { customer, path, sku } = yield* answers
      const placing = (prefer: string) =>
        send(customer, "POST", "/orders", { body: ordering(sku), headers: { ...json, prefer } })
      const waited = yield* placing("wait=15")
      assert.deepStrictEqual([waited.status, waited.headers["preference-applied"]], [201, "wait=15"])
      assert.match(waited.body, /"status":"(Reserved|Failed)"/)
      const location = waited.headers["location"] ?? ""
      assert.strictEqual((yield* send(customer, "GET", location)).status, 200)
      yield* becomes(customer, { id: path.slice("/orders/".length) }, "Shipped")
      const wishes = [
        ["wait=7", "wait=7"],
        ["respond-async, wait=3", "wait=3"],
        [`Wait="4"; x=y`, "wait=4"],
        ["wait=99", "wait=30"],
        ["wait=soon", undefined],
        ["wait=-1", undefined],
        ["return=minimal", undefined],
        ["", undefined]
      ] as const
      for (const [prefer, granted] of wishes) {
        const answer = yield* send(customer, "GET", path, { headers: { prefer } })
        assert.deepStrictEqual([answer.status, answer.headers["preference-applied"]], [200, granted], prefer)
      }
      const { headers: { etag = "" } } = yield* send(customer, "GET", path)
      const known = yield* send(customer, "GET", path, { headers: { prefer: "wait=2", "if-none-match": etag } })
      assert.deepStrictEqual([known.status, known.headers["preference-applied"]], [304, "wait=2"])
    }))

  it.effect("may be read by the pages that a setting names, and by no others", () =>
    Effect.gen(function*() {
      const { customer, path, sku } = yield* answers
      const before = { "access-control-request-method": "POST", "access-control-request-headers": "idempotency-key" }
      const paths = [["/orders", "GET, POST, HEAD"], [path, "GET, HEAD"], [`${path}/pay`, "POST"]] as const
      for (const [of, methods] of paths) {
        const allowed = yield* send({ url: customer.url }, "OPTIONS", of, { headers: { ...before, origin: shop } })
        assert.strictEqual(allowed.status, 204)
        assert.strictEqual(allowed.headers["access-control-allow-origin"], shop)
        assert.sameMembers((allowed.headers["access-control-allow-methods"] ?? "").split(", "), methods.split(", "))
        assert.include(allowed.headers["access-control-allow-headers"], "idempotency-key")
        assert.notInclude(corsOf(allowed), "access-control-allow-credentials")
        const foreign = yield* send(customer, "OPTIONS", of, { headers: { ...before, origin: `${shop}.evil` } })
        assert.deepStrictEqual([foreign.status, corsOf(foreign)], [405, []])
      }
      const body = { body: ordering(sku), headers: { ...json, origin: shop } }
      const placed = yield* send(customer, "POST", "/orders", body)
      assert.deepStrictEqual([placed.status, placed.headers["access-control-allow-origin"]], [201, shop])
      for (const field of ["location", "etag", "idempotent-replayed", "retry-after", "link"]) {
        assert.include(placed.headers["access-control-expose-headers"], field)
      }
      const refused = yield* send({ url: customer.url }, "GET", path, { headers: { origin: shop } })
      assert.deepStrictEqual([refused.status, refused.headers["access-control-allow-origin"]], [401, shop])
      const read = yield* send(customer, "GET", path, { headers: { origin: "https://evil.example" } })
      assert.deepStrictEqual([corsOf(read), read.headers["vary"]], [[], "Origin"])
    }))
})
