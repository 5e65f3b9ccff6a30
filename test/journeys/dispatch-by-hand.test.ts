import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Customer from "quartet/demo/Customer"
import * as Token from "quartet/Token"
import { v7 } from "uuid"
import * as Addresses from "../support/Addresses.ts"
import { get, post } from "../support/Edge.ts"
import { becomes, brokenAtRest, newCustomer, newProduct, pay, until } from "../support/Shop.ts"
import * as System from "../support/System.ts"
import { count } from "../support/Tables.ts"

const Shipment = Schema.parseJson(Schema.Struct({ status: Schema.String }))

layer(System.layer({ WAREHOUSE_DISPATCH_AFTER: "never" }), { excludeTestServices: true, timeout: 150_000 })(
  "where parcels are sent by hand",
  (it) => {
    it.effect("a paid order waits for the operator, leaves once, and never before it is paid (H99, H101, H103, H203)", () =>
      Effect.gen(function*() {
        const { warehouse } = yield* Addresses.System
        const customer = yield* newCustomer
        const operator = { url: warehouse, token: yield* Token.forOperator }
        const order = yield* Customer.place(customer, yield* newProduct(5), 2)
        const path = `/shipments/${order.id}`

        assert.strictEqual((yield* get(operator, path)).status, 404)
        assert.include([404, 409], (yield* post(operator, `${path}/dispatch`)).status)
        yield* pay(customer, order)
        yield* until(
          Effect.flatMap(get(operator, path), ({ body }) => Schema.decode(Shipment)(body)),
          ({ status }) => status === "Ready"
        )
        assert.strictEqual((yield* Customer.look(customer, order)).status, "Paid")
        assert.strictEqual((yield* post({ ...customer, url: warehouse }, `${path}/dispatch`)).status, 403)

        const sent = yield* Effect.replicateEffect(post(operator, `${path}/dispatch`), 5, { concurrency: "unbounded" })
        assert.deepStrictEqual([...new Set(sent.map(({ status }) => status))], [200])
        yield* becomes(customer, order, "Shipped")
        assert.strictEqual(
          yield* count("warehouse.outbox WHERE type = 'warehouse.shipped.v1' AND subject = $1", order.id),
          1
        )
        assert.strictEqual((yield* post(operator, `/shipments/${v7()}/dispatch`)).status, 409)
        assert.deepStrictEqual(yield* brokenAtRest("20 seconds"), [])
      }))
  }
)
