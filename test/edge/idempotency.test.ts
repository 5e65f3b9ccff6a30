import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Customer from "quartet/demo/Customer"
import { v7 } from "uuid"
import { business, said } from "../support/Archive.ts"
import { order as place, reserved } from "../support/Edge.ts"
import type { Sending } from "../support/PlainRequest.ts"
import { json, nameOf, problemIn, send, write } from "../support/PlainRequest.ts"
import { booksOf, charging, ledger, whileFaulty } from "../support/Provider.ts"
import { rowsOf } from "../support/Rows.ts"
import { becomes, brokenAtRest, newCustomer } from "../support/Shop.ts"
import * as Running from "../support/System.ts"
import { count, execute } from "../support/Tables.ts"

const visa = `{"paymentMethodId":"pm_card_visa"}`
const waiting = { prefer: "wait=15" }

/** An order that waits to be paid, and how its customer pays it. */
const payable = Effect.map(reserved, (all) => ({
  ...all,
  pay: (key: string, { body = visa, headers = {} }: Sending = {}) =>
    send(all.customer, "POST", `${all.path}/pay`, { body, headers: { ...json, "idempotency-key": key, ...headers } })
}))

/** Whatever the services and the provider know, once nothing is under way. */
const everything = Effect.gen(function*() {
  assert.deepStrictEqual(yield* brokenAtRest(), [])
  return { rows: yield* rowsOf(business), said: yield* rowsOf(said), provider: yield* ledger }
})

const kept = (key: string) => count("\"order\".idempotency_keys WHERE key = $1", key)

layer(Running.layer(), { excludeTestServices: true, timeout: 150_000 })("an Idempotency-Key", (it) => {
  it.effect("brings the first answer again, byte for byte, and nothing else happens, anywhere (H01, H07, H11)", () =>
    Effect.gen(function*() {
      const { customer, pay, placed, sku } = yield* payable
      const ordering = (body: string, headers: Sending["headers"] = {}) =>
        send(customer, "POST", "/orders", { body, headers: { ...json, "idempotency-key": key, ...headers } })
      const [key, other] = [v7(), v7()]
      const ordered = yield* ordering(`{"lines":[{"sku":"${sku}","quantity":2}]}`, waiting)
      assert.deepStrictEqual([ordered.status, ordered.headers["idempotent-replayed"]], [201, undefined])
      const paid = yield* pay(other, { headers: waiting })
      assert.deepStrictEqual([paid.status, paid.headers["idempotent-replayed"]], [200, undefined])
      yield* becomes(customer, placed, "Shipped")
      const before = yield* everything
      const again = [
        [ordered, ordering(`{"lines":[{"sku":"${sku}","quantity":2}]}`)],
        [ordered, ordering(` {"lines" : [{"quantity":2.0 ,\n"\\u0073ku":"\\u0073${sku.slice(1)}"}]}`, waiting)],
        [ordered, ordering(`{"lines":[{"sku":"${sku}","quantity":2}]}`, { "idempotency-key": `"${key}"` })],
        [paid, pay(other)],
        [paid, pay(other, { body: `{\t"payment\\u004dethodId" :"pm_c\\u0061rd_visa"}`, headers: waiting })]
      ] as const
      for (const [first, asking] of again) {
        const answer = yield* asking
        assert.strictEqual(answer.headers["idempotent-replayed"], "true")
        assert.deepStrictEqual([answer.status, answer.body], [first.status, first.body])
        for (const field of ["content-type", "location", "cache-control"]) {
          assert.strictEqual(answer.headers[field], first.headers[field], field)
        }
      }
      assert.deepStrictEqual(yield* everything, before)
    }))

  it.effect("is refused for any other request, and what it stands for stays as it was (H03, H04, H16)", () =>
    Effect.gen(function*() {
      const { customer, path, pay, sku } = yield* payable
      const other = yield* Customer.place(customer, sku, 1)
      const key = v7()
      const headers = { ...json, "idempotency-key": key }
      const first = yield* pay(key, { headers: waiting })
      const before = yield* everything
      const others = [
        pay(key, { body: `{"paymentMethodId":"pm_card_mastercard"}` }),
        send(customer, "POST", `/orders/${other.id}/pay`, { body: visa, headers }),
        send(customer, "POST", `/orders/${v7()}/pay`, { body: visa, headers }),
        send(customer, "POST", `${path}/cancel`, { headers: { "idempotency-key": key } }),
        send(customer, "POST", "/orders", { body: `{"lines":[{"sku":"${sku}","quantity":1}]}`, headers })
      ]
      for (const asking of others) assert.strictEqual(yield* nameOf(yield* asking), "422 idempotency-key-reused")
      assert.strictEqual((yield* pay(key)).body, first.body)
      assert.deepStrictEqual(yield* everything, before)
    }))

  it.effect("shows nobody the answer that another customer got with it (H05, H204)", () =>
    Effect.gen(function*() {
      const { customer, path, pay, sku } = yield* payable
      const stranger = yield* newCustomer
      const key = v7()
      const headers = { ...json, "idempotency-key": key }
      const body = `{"lines":[{"sku":"${sku}","quantity":1}]}`
      const paid = yield* pay(key)
      assert.strictEqual(paid.status, 202)
      // The very same request, key included.
      const theirs = yield* send(stranger, "POST", `${path}/pay`, { body: visa, headers })
      assert.strictEqual(yield* nameOf(theirs), "404 order-not-found")
      const placed = yield* send(stranger, "POST", "/orders", { body, headers })
      assert.deepStrictEqual([placed.status, placed.headers["idempotent-replayed"]], [201, undefined])
      const mine = yield* send(customer, "GET", placed.headers["location"] ?? "")
      assert.strictEqual(yield* nameOf(mine), "404 order-not-found")
      assert.deepStrictEqual([(yield* pay(key)).body, yield* kept(key)], [paid.body, 2])
    }))

  it.effect("is refused when it is none, before anything is read or written (H06)", () =>
    Effect.gen(function*() {
      const { customer, path, pay, sku } = yield* payable
      const lines = `{"lines":[{"sku":"${sku}","quantity":1}]}`
      const before = yield* everything
      const missing = yield* send(customer, "POST", `${path}/pay`, { body: visa, headers: json })
      assert.strictEqual(missing.status, 400)
      assert.match(yield* Effect.map(problemIn(missing), ({ detail }) => detail), /idempotency-key/i)
      const none = ["", "k".repeat(256), "k\u00e9y", "a\tb", `"open`, `""`, `"a" "b"`, `"a", "b"`, ["a", "b"]]
      for (const key of none) {
        const headers = { ...json, "idempotency-key": key }
        for (const [of, body] of [[`${path}/pay`, visa], ["/orders", lines], [`${path}/cancel`, "{}"]] as const) {
          const answer = yield* send(customer, "POST", of, { body, headers })
          assert.strictEqual(yield* nameOf(answer), "400 invalid-idempotency-key", `${of} ${String(key)}`)
        }
      }
      // What no client library would send: a line break within the value, in either form, and a NUL.
      for (const key of ["a\r\n b", "a\nb", "a\u0000b"]) {
        const lines = [`POST ${path}/pay HTTP/1.1`, "Host: a", "Connection: close", `Idempotency-Key: ${key}`, "", ""]
        assert.match(yield* write(customer, lines.join("\r\n")), /^HTTP\/1\.1 40[01] /, key)
      }
      assert.deepStrictEqual(yield* everything, before)
      assert.strictEqual((yield* pay("k".repeat(255))).status, 202)
    }))

  it.effect("may be forgotten: what is paid is not paid again for that (H12)", () =>
    Effect.gen(function*() {
      const { customer, pay, placed } = yield* payable
      const key = v7()
      yield* pay(key, { headers: waiting })
      yield* becomes(customer, placed, "Shipped")
      yield* execute(`DELETE FROM "order".idempotency_keys WHERE key = '${key}'`)
      const again = yield* pay(key)
      assert.deepStrictEqual([again.status, again.headers["idempotent-replayed"]], [200, undefined])
      assert.include(again.body, `"status":"Shipped"`)
      assert.deepStrictEqual((yield* booksOf(placed)).charges, [1000])
      assert.deepStrictEqual(yield* brokenAtRest(), [])
    }))

  it.effect("is not burnt by a refusal before anything was done, and keeps what came of it afterwards (H13)", () =>
    Effect.gen(function*() {
      const { customer, pay, placed, sku } = yield* payable
      const key = v7()
      const draft = yield* place(customer, [{ sku, quantity: 1000 }], "wait=15")
      const headers = { ...json, "idempotency-key": key }
      const elsewhere = (of: string, by: Parameters<typeof send>[0] = customer) =>
        send(by, "POST", `/orders/${of}/pay`, { body: visa, headers })
      const refused = [
        [pay(key, { body: "{" }), 400],
        [pay(key, { body: "{}" }), 400],
        [elsewhere(placed.id, { url: customer.url }), 401],
        [elsewhere(v7()), 404],
        [pay(key, { headers: { accept: "text/html" } }), 406],
        [elsewhere(draft.id), 409],
        [pay(key, { body: " ".repeat(70_000) }), 413],
        [pay(key, { headers: { "content-type": "text/plain" } }), 415]
      ] as const
      for (const [asking, status] of refused) {
        assert.strictEqual((yield* asking).status, status)
        assert.strictEqual(yield* kept(key), 0, String(status))
      }
      const body = `{"paymentMethodId":"pm_card_visa_chargeDeclined"}`
      const declined = yield* pay(key, { body, headers: waiting })
      assert.strictEqual(declined.status, 200)
      assert.include(declined.body, `"status":"Failed"`)
      const again = yield* pay(key, { body })
      assert.deepStrictEqual([again.status, again.body], [declined.status, declined.body])
      assert.deepStrictEqual([again.headers["idempotent-replayed"], yield* kept(key)], ["true", 1])
    }))

  it.effect("brings what was committed though the first answer could not be made (H18)", () =>
    Effect.gen(function*() {
      const { customer, pay, placed } = yield* payable
      const key = v7()
      const { result: broken } = yield* whileFaulty(
        { fault: "hang", delayMs: 600, match: charging },
        Effect.gen(function*() {
          const paying = yield* Effect.fork(pay(key, { headers: waiting }))
          yield* becomes(customer, placed, "PaymentPending")
          // The answer that is to be sent cannot be read as one: a defect after the commit.
          yield* execute(
            `UPDATE "order".idempotency_keys SET sealed = true, headers = 'nonsense' WHERE key = '${key}'`
          )
          return yield* Fiber.join(paying)
        })
      )
      assert.strictEqual(yield* nameOf(broken), "500 internal-error")
      assert.strictEqual((yield* problemIn(broken)).correlationId, broken.headers["x-correlation-id"])
      assert.notMatch(broken.body, /nonsense|JSON|Error:|\bat /)
      yield* execute(`UPDATE "order".idempotency_keys SET headers = '{}' WHERE key = '${key}'`)
      const again = yield* pay(key)
      assert.deepStrictEqual([again.status, again.headers["idempotent-replayed"]], [202, "true"])
      yield* becomes(customer, placed, "Shipped")
      assert.deepStrictEqual((yield* booksOf(placed)).charges, [1000])
      assert.strictEqual(yield* kept(key), 1)
    }))
})
