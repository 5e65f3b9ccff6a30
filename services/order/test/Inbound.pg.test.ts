import { SqlClient } from "@effect/sql"
import { assert, describe, it, layer } from "@effect/vitest"
import { definitionOf, subscriptions } from "@quartet/contracts/Catalog"
import { Broker } from "@quartet/messaging/Broker"
import type { Delivery, Disposition } from "@quartet/messaging/Broker"
import { EnvelopeJson } from "@quartet/messaging/Message"
import { publishing } from "@quartet/messaging/testing/Publishing"
import { Deferred, Effect, Layer, Option, Queue, Schema } from "effect"
import { readFileSync } from "node:fs"
import { v7 } from "uuid"
import * as Inbound from "../src/Inbound.ts"
import * as Summaries from "../src/Summaries.ts"
import * as O from "./support/Orders.ts"
import { actors, database, fresh, said, through } from "./support/Service.ts"

const heardBy = (consumer: string) => subscriptions.find((one) => one.consumer === consumer)?.types.toSorted()

describe("what the order service hears", () => {
  it("is exactly what the catalogue says", () => {
    assert.deepStrictEqual(Inbound.handlers.map(({ type }) => type).toSorted(), heardBy("order"))
    assert.deepStrictEqual(Summaries.handlers.map(({ type }) => type), heardBy("order-summaries"))
  })
})

const samples = new URL("../../../packages/contracts/test/samples/", import.meta.url)

/** The frozen sample of a message, as if it were about this order and said now. */
const sampleOf = (type: string, orderId: string, data: Record<string, unknown> = {}) => {
  const envelope = Schema.decodeSync(EnvelopeJson)(readFileSync(new URL(`${type}.json`, samples), "utf8"))
  const payload = Schema.decodeUnknownSync(Schema.Record({ key: Schema.String, value: Schema.Unknown }))(envelope.data)
  const retold = { ...envelope, id: v7(), subject: orderId, data: { ...payload, orderId, ...data } }
  return Schema.encodeSync(Schema.parseJson(Schema.Unknown))(retold)
}

/** A broker that is a queue for each consumer, and tells what became of each delivery. */
const queues = new Map<string, Queue.Queue<Delivery>>()
const broker = Layer.effect(
  Broker,
  Effect.gen(function*() {
    for (const consumer of ["order", "order-summaries"]) queues.set(consumer, yield* Queue.unbounded<Delivery>())
    const missing = Effect.dieMessage("no such consumer")
    return Broker.of({
      ...publishing(() => missing),
      ready: Effect.succeed(true),
      deliveries: (consumer) =>
        Option.match(Option.fromNullable(queues.get(consumer)), { onNone: () => missing, onSome: Effect.succeed })
    })
  })
)

const deliver = Effect.fnUntraced(function*(body: string, consumer = "order", attempt = 1) {
  const settled = yield* Deferred.make<Disposition>()
  const delivery: Delivery = {
    body,
    attempt,
    settle: (disposition) => Effect.asVoid(Deferred.succeed(settled, disposition))
  }
  const queue = queues.get(consumer)
  if (queue !== undefined) yield* Queue.offer(queue, delivery)
  return (yield* Deferred.await(settled))._tag
})

const statusOf = Effect.fnUntraced(function*(orderId: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ status: string }>`SELECT status FROM orders WHERE order_id = ${orderId}`
  return row?.status
})

const service = Layer.mergeAll(Inbound.layer, Summaries.layer).pipe(
  Layer.provide(broker),
  Layer.provideMerge(actors),
  Layer.provideMerge(database())
)

layer(service, { excludeTestServices: true })("messages", (it) => {
  it.effect("move an order through its life", () =>
    Effect.gen(function*() {
      const { about, orderId } = fresh()
      yield* through([about(O.place)])
      const steps: ReadonlyArray<readonly [string, string, Record<string, unknown>?]> = [
        ["inventory.reserved.v1", "Reserved"],
        ["inventory.reserved.v1", "Reserved"]
      ]
      for (const [type, status] of steps) {
        assert.strictEqual(yield* deliver(sampleOf(type, orderId)), "Acknowledge")
        assert.strictEqual(yield* statusOf(orderId), status)
      }
      yield* through([about(O.pay)])
      for (
        const [type, status] of [
          ["payment.action_required.v1", "PaymentPending"],
          ["payment.succeeded.v1", "Paid"],
          ["inventory.committed.v1", "Paid"],
          ["payment.failed.v1", "Paid"],
          ["warehouse.shipped.v1", "Shipped"],
          ["inventory.released.v1", "Shipped"]
        ] satisfies ReadonlyArray<[string, string]>
      ) {
        assert.strictEqual(yield* deliver(sampleOf(type, orderId)), "Acknowledge", type)
        assert.strictEqual(yield* statusOf(orderId), status, type)
      }
    }))

  it.effect("end it in each of the other ways", () =>
    Effect.gen(function*() {
      const endings: ReadonlyArray<readonly [O.Stage, string, string]> = [
        ["Draft", "inventory.rejected.v1", "Failed"],
        ["Draft", "order.draft_expiry_due.v1", "Cancelled"],
        ["Reserved", "order.hold_expiry_due.v1", "Cancelled"],
        ["PaymentPending", "payment.failed.v1", "Failed"],
        ["Paid", "inventory.commit_refused.v1", "Failed"],
        ["Cancelling", "warehouse.shipment_cancelled.v1", "Cancelled"],
        ["Cancelling", "warehouse.shipped.v1", "Shipped"]
      ]
      for (const [stage, type, status] of endings) {
        const { about, orderId } = fresh()
        yield* through(O.histories[stage].map((command) => about(command)))
        assert.strictEqual(yield* deliver(sampleOf(type, orderId)), "Acknowledge", type)
        assert.strictEqual(yield* statusOf(orderId), status, type)
      }
    }))

  it.effect("send late money back, and tell what became of it (H26)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { about, orderId } = fresh()
      yield* through(O.histories.Cancelled.map((command) => about(command)))
      for (
        const type of [
          "payment.succeeded.v1",
          "payment.succeeded.v1",
          "payment.refund_failed.v1",
          "payment.refunded.v1"
        ]
      ) {
        assert.strictEqual(yield* deliver(sampleOf(type, orderId)), "Acknowledge")
      }
      assert.strictEqual((yield* said(orderId)).filter((type) => type === "order.refund_requested.v1").length, 1)
      const rows = yield* sql`
        SELECT event, from_status, to_status FROM order_transitions WHERE order_id = ${orderId} AND version > 4 ORDER BY version`
      assert.deepStrictEqual(rows.map(({ event, from_status, to_status }) => [event, from_status, to_status]), [
        ["RefundRequested", "Cancelled", "Cancelled"],
        ["RefundFailed", "Cancelled", "Cancelled"],
        ["RefundMade", "Cancelled", "Cancelled"]
      ])
    }))

  it.effect("that come too early come again, and are parked in the end (H37, H208)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { about, orderId } = fresh()
      yield* through(O.histories.PaymentPending.map((command) => about(command)))
      const shipped = sampleOf("warehouse.shipped.v1", orderId)
      assert.strictEqual(yield* deliver(shipped), "Retry")
      assert.strictEqual(yield* statusOf(orderId), "PaymentPending")
      yield* deliver(sampleOf("payment.succeeded.v1", orderId))
      assert.strictEqual(yield* deliver(shipped, "order", 2), "Acknowledge")
      assert.strictEqual(yield* statusOf(orderId), "Shipped")

      const unknown = fresh().orderId
      assert.strictEqual(yield* deliver(sampleOf("payment.succeeded.v1", unknown), "order", 5), "Acknowledge")
      const parked = yield* sql`SELECT 1 FROM parked_messages WHERE subject = ${unknown}`
      assert.strictEqual(parked.length, 1)
    }))

  it.effect("feed the lists", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { about, orderId } = fresh()
      yield* through(O.histories.Shipped.map((command) => about(command)))
      const bodies = yield* sql<{ envelope: string }>`
        SELECT envelope FROM outbox WHERE subject = ${orderId} AND type = 'order.summary_changed.v1' ORDER BY seq DESC`
      assert.strictEqual(bodies.length, 5)
      for (const { envelope } of bodies) assert.strictEqual(yield* deliver(envelope, "order-summaries"), "Acknowledge")
      const rows = yield* sql`SELECT status, version FROM order_summaries WHERE order_id = ${orderId}`
      assert.deepStrictEqual(rows.map(({ status, version }) => [status, version]), [["Shipped", 5]])
    }))

  it.effect("that the service says can be read again by whoever hears them", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      for (
        const history of [...Object.values(O.histories), [...O.histories.Cancelling, O.notShipped], [
          O.place,
          O.outOfStock
        ]]
      ) {
        const { about } = fresh()
        yield* through(history.map((command) => about(command)))
      }
      const rows = yield* sql<{ type: string; envelope: string }>`SELECT type, envelope FROM outbox`
      assert.isAbove(new Set(rows.map(({ type }) => type)).size, 8)
      for (const { envelope, type } of rows) {
        const { data } = Schema.decodeSync(EnvelopeJson)(envelope)
        const read = Option.map(definitionOf(type), ({ read }) => read(data)._tag)
        assert.deepStrictEqual(read, Option.some("Right"), type)
      }
    }))
})
