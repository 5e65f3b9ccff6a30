import { assert, layer } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import * as Token from "quartet/Token"
import { v7 } from "uuid"
import { System } from "../support/Addresses.ts"
import { business } from "../support/Archive.ts"
import { order as place, reserved } from "../support/Edge.ts"
import type { Caller, Sending } from "../support/PlainRequest.ts"
import { json, nameOf, problemIn, send, told } from "../support/PlainRequest.ts"
import { booksOf } from "../support/Provider.ts"
import { rowsOf } from "../support/Rows.ts"
import { brokenAtRest, levelOf, newCustomer } from "../support/Shop.ts"
import * as Running from "../support/System.ts"
import { goodToken, noGood } from "../support/Tokens.ts"

const visa = `{"paymentMethodId":"pm_card_visa"}`

interface Asking {
  readonly method: string
  readonly of: string
  readonly sending: Sending
}

/** Everything that customers may do to an order and to their list. */
const asks = (path: string, headers: Readonly<Record<string, string>>): ReadonlyArray<Asking> => [
  { method: "GET", of: path, sending: { headers } },
  { method: "HEAD", of: path, sending: { headers } },
  { method: "GET", of: `${path}/history`, sending: { headers } },
  { method: "GET", of: `${path}/events`, sending: { headers } },
  { method: "POST", of: `${path}/cancel`, sending: { headers } },
  {
    method: "POST",
    of: `${path}/pay`,
    sending: { body: visa, headers: { ...json, "idempotency-key": v7(), ...headers } }
  }
]

const quiet = Effect.gen(function*() {
  assert.deepStrictEqual(yield* brokenAtRest(), [])
  return yield* rowsOf(business)
})

layer(Running.layer(), { excludeTestServices: true, timeout: 150_000 })("who may do what at the public edge", (it) => {
  it.effect("nobody without a good token, whatever is wrong with it, and nothing tells what that was (H193)", () =>
    Effect.gen(function*() {
      const { customer: { url }, path } = yield* reserved
      const before = yield* quiet
      const nobody: Caller = { url }
      const none = yield* send(nobody, "GET", path)
      assert.strictEqual(yield* nameOf(none), "401 unauthorized")
      for (const [what, authorization] of [["absent", undefined], ...(yield* noGood)] as const) {
        const headers = authorization === undefined ? {} : { authorization }
        const orders = { body: `{"lines":[]}`, headers: { ...json, ...headers } }
        for (
          const answer of [
            yield* send(nobody, "GET", path, { headers }),
            yield* send(nobody, "GET", "/orders", { headers }),
            yield* send(nobody, "POST", "/orders", orders),
            yield* send(nobody, "POST", `${path}/cancel`, { headers }),
            yield* send(nobody, "GET", `${path}/events`, { headers })
          ]
        ) {
          assert.strictEqual(answer.status, 401, what)
          assert.match(answer.headers["www-authenticate"] ?? "", /^Bearer\b/, what)
          assert.isFalse((authorization ?? "").length > 20 && answer.body.includes((authorization ?? "").slice(-20)))
        }
      }
      const token = yield* goodToken
      const query = yield* send(nobody, "GET", `${path}?access_token=${Redacted.value(token)}`)
      assert.strictEqual(query.status, 401)
      assert.strictEqual((yield* send({ url, token }, "GET", "/orders")).status, 200)
      assert.deepStrictEqual(yield* quiet, before)
    }))

  it.effect("sees of somebody else's order what there is to see of none, to the last field (H190)", () =>
    Effect.gen(function*() {
      const { path } = yield* reserved
      const stranger = yield* newCustomer
      const before = yield* quiet
      for (const headers of [{}, { prefer: "wait=2" }, { "if-none-match": "*" }, { "last-event-id": "0" }]) {
        for (const absent of [v7(), "nonsense"]) {
          const none = asks(`/orders/${absent}`, headers)
          for (const [index, { method, of, sending }] of asks(path, headers).entries()) {
            const theirs = yield* send(stranger, method, of, sending)
            const other = none[index] ?? { method, of, sending }
            assert.strictEqual(theirs.status, 404, `${method} ${of}`)
            assert.deepStrictEqual(told(theirs), told(yield* send(stranger, other.method, other.of, other.sending)))
          }
        }
      }
      assert.deepStrictEqual(yield* quiet, before)
    }))

  it.effect("lists their own orders alone, whose ids tell nothing of the next one (H191)", () =>
    Effect.gen(function*() {
      const { customer, placed, sku } = yield* reserved
      const stranger = yield* newCustomer
      const ids = yield* Effect.replicateEffect(Effect.map(place(stranger, [{ sku, quantity: 1 }]), ({ id }) => id), 8)
      // Version 7: a moment, then 74 bits of which 62 at the least are chance (RFC 9562, §5.7).
      const v7Id = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
      for (const id of [placed.id, ...ids]) assert.match(id, v7Id)
      assert.strictEqual(new Set(ids.map((id) => id.slice(19))).size, ids.length)
      for (const query of ["", "?limit=100", "?status=Reserved"]) {
        assert.notInclude((yield* send(stranger, "GET", `/orders${query}`)).body, placed.id)
      }
      const mine = yield* send(customer, "GET", "/orders")
      assert.isTrue(ids.every((id) => !mine.body.includes(id)))
    }))

  it.effect("cannot set by any body what is ours to say, and sees nothing that is not listed (H192)", () =>
    Effect.gen(function*() {
      const { customer, path, sku } = yield* reserved
      const before = yield* quiet
      const line = `{"sku":"${sku}","quantity":1}`
      const ours = [
        `"status":"Paid"`,
        `"customerId":"ada"`,
        `"attempt":9`,
        `"version":9`,
        `"refund":"refunded"`,
        `"id":"x"`
      ]
      for (const member of ours) {
        const name = member.split("\"")[1] ?? ""
        const tries = [
          ["/orders", `{"lines":[${line}],${member}}`],
          [`${path}/pay`, `{"paymentMethodId":"pm_card_visa",${member}}`],
          [`${path}/cancel`, `{${member}}`]
        ] as const
        for (const [of, body] of tries) {
          const headers = { ...json, "idempotency-key": v7() }
          const answer = yield* send(customer, "POST", of, { body, headers })
          assert.strictEqual(yield* nameOf(answer), "400 invalid-request", `${of} ${body}`)
          assert.deepStrictEqual((yield* problemIn(answer)).errors.map(({ pointer }) => pointer), [`/${name}`])
        }
      }
      assert.deepStrictEqual(yield* quiet, before)
      const Shown = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
      const shown = yield* Schema.decode(Shown)((yield* send(customer, "GET", path)).body)
      assert.deepStrictEqual(
        Object.keys(shown).toSorted(),
        ["holdUntil", "id", "lines", "placedAt", "refund", "status", "total", "updatedAt", "version"]
      )
    }))

  it.effect("cannot pay with a payment method that is somebody else's: nobody is charged (H194)", () =>
    Effect.gen(function*() {
      const { customer, path, placed, sku } = yield* reserved
      const headers = { ...json, "idempotency-key": v7(), prefer: "wait=15" }
      const body = `{"paymentMethodId":"pm_1OfAnotherCustomer"}`
      const answer = yield* send(customer, "POST", `${path}/pay`, { body, headers })
      assert.strictEqual(answer.status, 200)
      assert.include(answer.body, `"status":"Failed"`)
      const { charges } = yield* booksOf(placed)
      assert.deepStrictEqual(charges, [])
      assert.deepStrictEqual(yield* brokenAtRest(), [])
      assert.deepInclude(yield* levelOf(sku), { reserved: 0, available: 20 })
    }))

  it.effect("finds nothing of the operators' on the public port, whoever they are (H203)", () =>
    Effect.gen(function*() {
      const { customer, placed, sku } = yield* reserved
      const operator: Caller = { url: customer.url, token: yield* Token.forOperator }
      const theirs = [
        ["GET", ["/parked", "/rebuilds", "/stock", `/stock/${sku}`, "/shipments", `/shipments/${placed.id}`]],
        ["GET", ["/metrics", "/health", "/health/live", "/health/ready", "/_simulator/ledger", "/payments", "/admin"]],
        ["POST", ["/parked/replay", "/said/again", "/rebuilds", `/stock/${sku}/receipts`, "/webhooks/stripe"]],
        ["POST", [`/shipments/${placed.id}/dispatch`, "/_simulator/faults", `/parked/order/${placed.id}/replay`]]
      ] as const
      for (const [method, paths] of theirs) {
        for (const path of paths) {
          for (const caller of [{ url: customer.url }, customer, operator]) {
            assert.strictEqual(yield* nameOf(yield* send(caller, method, path)), "404 not-found", `${method} ${path}`)
          }
        }
      }
      const Described = Schema.parseJson(Schema.Struct({
        paths: Schema.Record({ key: Schema.String, value: Schema.Unknown })
      }))
      const { paths } = yield* Schema.decode(Described)((yield* send(customer, "GET", "/openapi.json")).body)
      assert.isTrue(
        Object.keys(paths).every((path) => /^\/(orders|products)(\/|$)/.test(path)),
        Object.keys(paths).join()
      )
      const body = `{"name":"mine","price":{"amount":1,"currency":"EUR"}}`
      const { prices } = yield* System
      const priced = (caller: Caller) => send(caller, "PUT", `/products/${sku}`, { body, headers: json })
      assert.strictEqual(yield* nameOf(yield* priced(operator)), "404 not-found")
      assert.strictEqual(yield* nameOf(yield* priced({ ...customer, url: prices })), "403 forbidden")
    }))
})
