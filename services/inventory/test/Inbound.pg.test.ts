import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { subscriptions } from "@quartet/contracts/Catalog"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import * as HttpServer from "@quartet/hosting/HttpServer"
import * as Postgres from "@quartet/hosting/Postgres"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import { Broker } from "@quartet/messaging/Broker"
import * as InProcessBroker from "@quartet/messaging/InProcessBroker"
import { EnvelopeJson, MessageId } from "@quartet/messaging/Message"
import { ConfigProvider, Effect, Layer, Schedule, Schema } from "effect"
import { readFileSync } from "node:fs"
import { v7 } from "uuid"
import * as Main from "../src/main.ts"
import { migrations } from "../src/Migrations.ts"

const settings = Layer.setConfigProvider(
  ConfigProvider.fromMap(new Map(Object.entries({ INVENTORY_PORT: "0", ...TokenKeys.issuing })))
)

/** The whole service as a process runs it, an operator at its door, and a look into its tables. */
const Service = Main.layer.pipe(
  Layer.provideMerge(DevelopmentIssuer.layer),
  Layer.provideMerge(InProcessBroker.layer(subscriptions)),
  Layer.provideMerge(Postgres.layer({ service: "inventory", migrations, maxConnections: 2 })),
  Layer.provideMerge(PostgresTest.database),
  Layer.provideMerge(NodeHttpClient.layerWithoutAgent.pipe(
    Layer.provide(NodeHttpClient.makeAgentLayer({ keepAlive: false }))
  )),
  Layer.provide(settings)
)

/** An order of its own, for goods of its own: what the samples say of theirs is said of these. */
const freshCase = () => {
  const [orderId, tea, pot] = [v7(), `tea-${v7()}`, `pot-${v7()}`]
  const about = (text: string) =>
    text.replaceAll("01993c4e-8a10-7c3a-9d52-6f0b1e2a4c10", orderId)
      .replaceAll("TEA-EARL-GREY-100", tea)
      .replaceAll("POT.CAST_IRON-0.8L", pot)
  return { orderId, tea, pot, about }
}
type Case = ReturnType<typeof freshCase>

/** Publishes a frozen sample as a new message about the case, and waits until the inventory has committed it. */
const publish = Effect.fnUntraced(function*(type: string, { about, orderId }: Case) {
  const broker = yield* Broker
  const text = readFileSync(new URL(`../../../packages/contracts/test/samples/${type}.json`, import.meta.url), "utf8")
  const id = MessageId.make(v7())
  const body = about(text.replaceAll(Schema.decodeSync(EnvelopeJson)(text).id, id))
  // Other services hear some of these too and are not here, so the inventory's own commit is awaited, in its table.
  yield* Effect.fork(broker.publish({ id, type, subject: orderId, body }))
  const sql = yield* SqlClient.SqlClient
  yield* sql`SELECT 1 FROM processed_messages WHERE message_id = ${id}`.pipe(
    Effect.repeat({ until: (found) => found.length === 1, schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("10 seconds")
  )
})

/** An operator puts a hundred of each on the shelf. */
const stockUp = Effect.fnUntraced(function*({ pot, tea }: Case) {
  const url = yield* HttpServer.ServerUrl
  const { sign } = yield* DevelopmentIssuer.DevelopmentIssuer
  const token = yield* sign({ subject: "operator-1", scopes: ["operator"] })
  for (const sku of [tea, pot]) {
    const { status } = yield* HttpClientRequest.post(`${url}/stock/${sku}/receipts`).pipe(
      HttpClientRequest.bearerToken(token),
      HttpClientRequest.setBody(HttpBody.unsafeJson({ quantity: 100 })),
      HttpClient.execute
    )
    assert.strictEqual(status, 201)
  }
}, Effect.scoped)

const standing = Effect.fnUntraced(function*({ orderId, pot, tea }: Case) {
  const sql = yield* SqlClient.SqlClient
  const [reservation] = yield* sql<{ status: string }>`SELECT status FROM reservations WHERE order_id = ${orderId}`
  const stock = yield* sql`
    SELECT on_hand::int, reserved::int FROM stock WHERE sku IN (${tea}, ${pot}) ORDER BY sku DESC`
  const said = yield* sql<{ type: string }>`SELECT type FROM outbox WHERE subject = ${orderId} ORDER BY seq`
  return { status: reservation?.status, stock, said: said.map(({ type }) => type) }
})

layer(Service, { excludeTestServices: true, timeout: 120_000 })("the inventory service hears", (it) => {
  it.effect("order.placed and order.paid, and takes the goods off the shelf", () =>
    Effect.gen(function*() {
      const order = freshCase()
      yield* stockUp(order)
      yield* publish("order.placed.v1", order)
      assert.deepStrictEqual(yield* standing(order), {
        status: "Active",
        stock: [{ on_hand: 100, reserved: 2 }, { on_hand: 100, reserved: 1 }],
        said: ["inventory.reserved.v1"]
      })
      yield* publish("order.paid.v1", order)
      assert.deepStrictEqual(yield* standing(order), {
        status: "Committed",
        stock: [{ on_hand: 98, reserved: 0 }, { on_hand: 99, reserved: 0 }],
        said: ["inventory.reserved.v1", "inventory.committed.v1"]
      })
    }))

  for (const end of ["payment.failed.v1", "order.cancelled.v1", "order.failed.v1"]) {
    it.effect(`${end}, and releases what the order held, before or after it was placed (H89)`, () =>
      Effect.gen(function*() {
        const [order, late] = [freshCase(), freshCase()]
        const untouched = [{ on_hand: 100, reserved: 0 }, { on_hand: 100, reserved: 0 }]
        yield* stockUp(order)
        yield* stockUp(late)
        yield* publish("order.placed.v1", order)
        yield* publish(end, order)
        assert.deepStrictEqual(yield* standing(order), {
          status: "Released",
          stock: untouched,
          said: ["inventory.reserved.v1", "inventory.released.v1"]
        })
        yield* publish(end, late)
        yield* publish("order.placed.v1", late)
        assert.deepStrictEqual(yield* standing(late), { status: "Released", stock: untouched, said: [] })
      }))
  }

  it.effect("an order for a SKU it never saw, refuses it and parks nothing (H96)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const order = freshCase()
      yield* publish("order.placed.v1", order)
      assert.deepStrictEqual(yield* standing(order), { status: "Refused", stock: [], said: ["inventory.rejected.v1"] })
      assert.deepStrictEqual(yield* sql`SELECT reason FROM parked_messages`, [])
    }))
})
