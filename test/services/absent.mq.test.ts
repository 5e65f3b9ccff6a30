import { assert, describe, layer } from "@effect/vitest"
import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { Effect } from "effect"
import * as Customer from "quartet/demo/Customer"
import { ask } from "quartet/Shop"
import { post, problemOf } from "../support/Edge.ts"
import * as Services from "../support/Services.ts"
import * as SharedGround from "../support/SharedGround.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, pay, until } from "../support/Shop.ts"

const statuses = Effect.flatMap(
  Services.Services,
  ({ members }) => Effect.forEach(members, ({ health, name }) => Effect.map(health, (seen) => ({ name, ...seen })))
)

/** What every service that depends on something says is missing. */
const missing = Effect.map(
  statuses,
  (seen) =>
    seen.filter(({ name }) => name !== "simulator").map(({ missing, name, status }) => ({ name, status, missing }))
)

const each = (say: (name: string) => { readonly status: number; readonly missing: ReadonlyArray<string> }) =>
  ["order", "payment", "inventory", "warehouse"].map((name) => ({ name, ...say(name) }))

const becomesSo = (wanted: ReturnType<typeof each>) =>
  until(missing, (seen) => JSON.stringify(seen) === JSON.stringify(wanted), "90 seconds")

const started = layer(SharedGround.layer({ nothingYet: true }), { excludeTestServices: true, timeout: 150_000 })

describe.skipIf(!RabbitMqTest.isAvailable)(
  "services that are started before what they depend on",
  () =>
    started((it) => {
      it.effect(
        "live, say what is missing, and become ready by themselves, in whatever order all begins (H113, H166)",
        () =>
          Effect.gen(function*() {
            const { broker, database, members } = yield* Services.Services
            yield* Effect.forEach(members.toReversed(), ({ start }) => start)
            yield* becomesSo(each((name) => ({ status: 503, missing: [name, "broker", `${name}.database`] })))
            for (const { ops } of members) {
              assert.strictEqual((yield* ask({ method: "GET", url: `${ops}/health/live` })).status, 200)
            }
            yield* broker.mend
            yield* becomesSo(each((name) => ({ status: 503, missing: [name, `${name}.database`] })))
            yield* database.mend
            yield* becomesSo(each(() => ({ status: 200, missing: [] })))
          }),
        240_000
      )

      it.effect(
        "lose nothing while broker and database go away and come back, and are not started again (H17, H109, H140, H157)",
        () =>
          Effect.gen(function*() {
            const { broker, database, members } = yield* Services.Services
            const pids = Effect.forEach(members, ({ running }) => Effect.map(running, ({ pid }) => pid))
            const before = yield* pids
            const customer = yield* newCustomer
            const order = yield* Customer.place(customer, yield* newProduct(5), 1)
            yield* broker.cut
            // The edge goes on: what is accepted now is said later.
            assert.strictEqual((yield* pay(customer, order)).status, 202)
            yield* until(missing, (seen) => seen.every(({ missing }) => missing.includes("broker")))
            yield* database.cut
            yield* until(missing, (seen) => seen.every(({ missing, name }) => missing.includes(`${name}.database`)))
            const refused = yield* post(customer, `/orders/${order.id}/cancel`)
            assert.strictEqual(yield* problemOf(refused), "503 unavailable")
            assert.match(refused.headers["retry-after"] ?? "", /^[1-9]\d*$/)
            yield* database.mend
            yield* broker.mend
            yield* becomesSo(each(() => ({ status: 200, missing: [] })))
            yield* becomes(customer, order, "Shipped")
            assert.deepStrictEqual(yield* pids, before)
            assert.deepStrictEqual(yield* brokenAtRest(), [])
          }),
        240_000
      )
    })
)
