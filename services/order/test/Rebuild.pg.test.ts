import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { OrderSummaryChanged } from "@quartet/contracts/OrderMessages"
import type { Submission } from "@quartet/messaging/Submission"
import { Deferred, Effect, Fiber, Layer, Ref, Schema } from "effect"
import * as Rebuild from "../src/Rebuild.ts"
import { OrderSummaries } from "../src/Summaries.ts"
import * as O from "./support/Orders.ts"
import * as Service from "./support/Service.ts"

/** The columns of a summary, from the lists and from the orders: with no difference the two say the same. */
const differences = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const listed = sql`SELECT order_id, customer_id, status, version, total_amount, total_currency, item_count, placed_at,
    updated_at FROM order_summaries`
  const ordered = sql`SELECT order_id, customer_id, status, version, total_amount, total_currency,
    (SELECT sum(quantity)::integer FROM order_lines AS l WHERE l.order_id = o.order_id) AS item_count, placed_at,
    updated_at FROM orders AS o`
  return yield* sql`(${listed} EXCEPT ${ordered}) UNION ALL (${ordered} EXCEPT ${listed})`
})

const Said = Schema.Array(Schema.Struct({ seq: Schema.NumberFromString, data: OrderSummaryChanged.schema }))

/** The live feed: whatever was said since the last time, newest first, as a broker might have it. */
const makeFeed = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const summaries = yield* OrderSummaries
  const seen = yield* Ref.make(0)
  const feed = (after: number) =>
    Effect.gen(function*() {
      const rows = yield* Schema.decodeUnknown(Said)(
        yield* sql`SELECT seq::text, envelope::json->'data' AS data FROM outbox
          WHERE type = 'order.summary_changed.v1' AND seq > ${after} ORDER BY seq DESC`
      )
      const { by, lineage } = Service.heard(O.reserve)
      yield* summaries.submit(rows.map(({ data }): Submission<OrderSummaryChanged, void> => ({
        command: data,
        by,
        lineage,
        origin: { _tag: "Request" }
      })))
      yield* Ref.update(seen, (before) => Math.max(before, ...rows.map(({ seq }) => seq)))
      return rows.length
    })
  return { fresh: Effect.flatMap(Ref.get(seen), feed), all: feed(0) }
})

/** An order, taken some way. */
const order = (length: number) =>
  Effect.gen(function*() {
    const { about, orderId } = Service.fresh()
    const commands = [O.place, O.reserve, O.pay, O.paid, O.shipped].slice(0, length).map(about)
    yield* Service.through(commands)
    return { orderId, rest: [O.reserve, O.pay, O.paid, O.shipped].slice(length - 1).map(about) }
  })

/** Lists as no feed would leave them: rows that are gone, too new, or of no order at all. */
const spoil = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DELETE FROM order_summaries WHERE order_id IN (SELECT order_id FROM orders ORDER BY order_id LIMIT 5)`
  yield* sql`UPDATE order_summaries SET version = version + 90, status = 'Failed'`
  yield* sql`INSERT INTO order_summaries SELECT gen_random_uuid(), customer_id, status, version, total_amount,
    total_currency, item_count, placed_at, updated_at FROM order_summaries LIMIT 1`
})

/** The live feed in the middle of its transaction: it has the order's second version, and nobody sees it yet. */
const feeding = Effect.fnUntraced(function*(orderId: string) {
  const sql = yield* SqlClient.SqlClient
  const written = yield* Deferred.make<void>()
  const released = yield* Deferred.make<void>()
  const writing = sql`
    INSERT INTO order_summaries SELECT order_id, customer_id, 'Reserved', 2, total_amount, total_currency, 3, placed_at,
      updated_at FROM orders WHERE order_id = ${orderId}`.pipe(
    Effect.zipRight(Deferred.succeed(written, undefined)),
    Effect.zipRight(Deferred.await(released)),
    sql.withTransaction
  )
  const fiber = yield* Effect.fork(writing)
  yield* Deferred.await(written)
  return { commit: Effect.zipRight(Deferred.succeed(released, undefined), Fiber.join(fiber)) }
})

/** The first order that the rebuild has not reached. */
const nextOf = Effect.fnUntraced(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql`SELECT order_id AS "orderId" FROM orders
    WHERE order_id > (SELECT position FROM order_summary_rebuilds) ORDER BY order_id LIMIT 1`
  const [found] = yield* Schema.decodeUnknown(Schema.Tuple(Schema.Struct({ orderId: Schema.String })))(rows)
  return found
})

const ordersCounted = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return (yield* sql`SELECT 1 FROM orders`).length
})

const service = () =>
  Rebuild.layerWith(4).pipe(Layer.provideMerge(Service.actors), Layer.provideMerge(Service.database()))

const toItsEnd = Effect.flatMap(
  Rebuild.Rebuild,
  ({ step }) => Effect.repeat(step, { while: (isUnderWay) => isUnderWay })
)

layer(service(), { excludeTestServices: true, timeout: 60_000 })("lists that are made again", (it) => {
  it.effect("say what the orders say, though these go on meanwhile and old news comes late (H137)", () =>
    Effect.gen(function*() {
      const feed = yield* makeFeed
      const { begin, progress, step } = yield* Rebuild.Rebuild
      const orders = yield* Effect.forEach(Array.from({ length: 25 }, (_, at) => 1 + at % 5), order)
      yield* feed.fresh
      assert.deepStrictEqual(yield* differences, [])
      yield* spoil
      assert.isAbove((yield* differences).length, 25)
      yield* begin
      assert.deepStrictEqual(yield* progress, { copied: 0, isUnderWay: true })
      const load = yield* Effect.fork(
        Effect.forEach(
          orders,
          ({ rest }) => Effect.forEach(rest, (command) => Effect.zipRight(Service.through([command]), feed.fresh)),
          { concurrency: 4 }
        )
      )
      const more = yield* Effect.fork(Effect.replicateEffect(Effect.zipRight(order(2), feed.fresh), 10))
      let steps = 0
      while (yield* step) steps += 1
      assert.isAtLeast(steps, 6)
      yield* Fiber.join(load)
      yield* Fiber.join(more)
      yield* feed.fresh
      assert.deepStrictEqual(yield* differences, [])
      assert.isAtLeast((yield* progress).copied, 25)
      assert.isAbove(yield* feed.all, 100)
      assert.deepStrictEqual(yield* differences, [])
    }))

  it.effect("never lose a newer summary to an older state of its order (H137)", () =>
    Effect.gen(function*() {
      const { begin, step } = yield* Rebuild.Rebuild
      yield* begin
      yield* toItsEnd
      const { orderId, rest } = yield* order(1)
      yield* begin
      // The batch reads the order and waits to write it, while the order goes on and the feed tells of it.
      const feed = yield* feeding(orderId)
      const copying = yield* Effect.fork(Effect.repeat(step, { while: (isUnderWay) => isUnderWay }))
      yield* Service.untilSomebodyWaits
      yield* Service.through(rest.slice(0, 1))
      yield* feed.commit
      yield* Fiber.join(copying)
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT version, status FROM order_summaries WHERE order_id = ${orderId}`
      assert.deepStrictEqual(rows, [{ version: 2, status: "Reserved" }])
    }))

  it.effect("go on where a process was killed, and begin anew when they are asked for again (H165)", () =>
    Effect.gen(function*() {
      const { begin, progress, step } = yield* Rebuild.Rebuild
      yield* Effect.replicateEffect(order(3), 20)
      yield* begin
      yield* step
      yield* step
      // In the middle of a batch: what it has done goes with it.
      const { orderId } = yield* nextOf()
      const feed = yield* feeding(orderId)
      const killed = yield* Effect.fork(step)
      yield* Service.untilSomebodyWaits
      yield* Effect.all([Fiber.interrupt(killed), feed.commit], { concurrency: 2 })
      assert.isTrue((yield* progress).isUnderWay)
      assert.isNotEmpty(yield* differences)
      const restarted = Rebuild.worker.pipe(Layer.provideMerge(Layer.fresh(Rebuild.layerWith(4))), Layer.build)
      yield* Effect.scoped(Effect.zipRight(
        restarted,
        Effect.repeat(Effect.delay(progress, "20 millis"), {
          while: ({ isUnderWay }) => isUnderWay
        })
      ))
      const copied = yield* ordersCounted
      assert.deepStrictEqual(yield* progress, { copied, isUnderWay: false })
      yield* spoil
      yield* begin
      yield* step
      yield* begin
      assert.deepStrictEqual(yield* progress, { copied: 0, isUnderWay: true })
      yield* toItsEnd
      assert.deepStrictEqual(yield* progress, { copied, isUnderWay: false })
      assert.deepStrictEqual(yield* differences, [])
    }))
})
