import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import type { Origin } from "@quartet/messaging/Submission"
import { Duration, Effect, Fiber, Layer, Option } from "effect"
import * as Actor from "../src/Actor.ts"
import { OrderActor } from "../src/Actor.ts"
import { Place } from "../src/domain/Command.ts"
import type { Order } from "../src/domain/State.ts"
import { OrderSummaries } from "../src/Summaries.ts"
import { OrderViews } from "../src/Views.ts"
import * as Waiting from "../src/Waiting.ts"
import * as Waits from "../src/Waits.ts"
import * as Watching from "../src/Watching.ts"
import * as O from "./support/Orders.ts"
import { actors, asked, countOf, database, fresh, heard, keyed, said, through } from "./support/Service.ts"

const tally = (tags: ReadonlyArray<{ readonly _tag: string }>) =>
  tags.reduce<Record<string, number>>((counts, { _tag }) => ({ ...counts, [_tag]: (counts[_tag] ?? 0) + 1 }), {})

const untilReserved = {
  owner: O.customerId,
  wanted: ({ _tag }: Order) => _tag === "Reserved",
  atMost: Duration.seconds(20)
}

/** An actor whose waiters never look again, so that only a commit can tell them. */
const blind = Layer.fresh(Actor.layer).pipe(
  Layer.provideMerge(Layer.scoped(Watching.Watching, Watching.make(() => Effect.never)))
)

layer(Layer.provideMerge(Layer.merge(actors, Waits.layer), database()), { excludeTestServices: true })(
  "the order actor",
  (it) => {
    it.effect("says what others need to hear, and keeps its deadlines as messages", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const { about, orderId } = fresh()
        yield* through(O.histories.Shipped.map((command) => about(command)))
        assert.deepStrictEqual(yield* said(orderId), [
          "order.placed.v1",
          "order.draft_expiry_due.v1",
          "order.hold_expiry_due.v1",
          "order.payment_requested.v1",
          "order.paid.v1"
        ])
        const timers = yield* sql<{ minutes: string }>`
        SELECT round(extract(epoch FROM due_at - appended_at) / 60)::text AS minutes
        FROM outbox WHERE subject = ${orderId} AND type LIKE '%_due.v1'`
        assert.deepStrictEqual(timers.map(({ minutes }) => minutes), ["15", "15"])
      }))

    it.effect("says cancelled and refund when a paid order is called off, and refund for late money (H26, H29)", () =>
      Effect.gen(function*() {
        const first = fresh()
        yield* through([...O.histories.Cancelling, O.notShipped].map((command) => first.about(command)))
        assert.deepStrictEqual((yield* said(first.orderId)).slice(5), [
          "order.cancellation_requested.v1",
          "order.cancelled.v1",
          "order.refund_requested.v1"
        ])
        const second = fresh()
        yield* through([...O.histories.Failed, O.paid, O.paid].map((command) => second.about(command)))
        assert.deepStrictEqual((yield* said(second.orderId)).slice(4), ["order.refund_requested.v1"])
      }))

    it.effect("runs once when the same request comes fifty times at once (H02)", () =>
      Effect.gen(function*() {
        const actor = yield* OrderActor
        const { orderId, pay, place, reserve } = fresh()
        yield* through([place, reserve])
        const outcomes = yield* Effect.forEach(
          Array.from({ length: 50 }),
          () => actor.ask(keyed(pay, `pay-${orderId}`)),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(tally(outcomes), { Done: 1, Replayed: 49 })
        assert.deepStrictEqual(
          new Set(outcomes.map((outcome) => "answer" in outcome ? outcome.answer?.body : "")),
          new Set(["PaymentPending"])
        )
        assert.strictEqual(yield* countOf("order_transitions", orderId), 3)
        assert.strictEqual((yield* said(orderId)).filter((type) => type === "order.payment_requested.v1").length, 1)
      }))

    it.effect("lets two replicas that get one key at the same instant run it once (H14)", () =>
      Effect.gen(function*() {
        const one = yield* OrderActor
        const { orderId, pay, place, reserve } = fresh()
        yield* through([place, reserve])
        yield* Effect.gen(function*() {
          const other = yield* OrderActor
          assert.notStrictEqual(one, other)
          for (let round = 0; round < 10; round++) {
            const key = `race-${orderId}-${round}`
            const outcomes = yield* Effect.all([one.ask(keyed(pay, key)), other.ask(keyed(pay, key))], {
              concurrency: 2
            })
            if (round === 0) assert.deepStrictEqual(tally(outcomes), { Done: 1, Replayed: 1 })
            else assert.deepStrictEqual(tally(outcomes), { Refused: 2 })
          }
        }).pipe(Effect.provide(Layer.fresh(actors)))
        assert.strictEqual(yield* countOf("order_transitions", orderId), 3)
      }))

    it.effect("starts one payment when two keys pay at once, on one replica and on two (H20, H41)", () =>
      Effect.gen(function*() {
        const one = yield* OrderActor
        yield* Effect.gen(function*() {
          const two = yield* OrderActor
          for (let round = 0; round < 20; round++) {
            const { orderId, pay, place, reserve } = fresh()
            yield* through([place, reserve])
            const asks = [one, round % 2 === 0 ? one : two].map((actor, index) =>
              actor.ask(keyed(pay, `${index}-${orderId}`))
            )
            const outcomes = yield* Effect.all(asks, { concurrency: 2 })
            assert.deepStrictEqual(tally(outcomes), { Done: 1, Refused: 1 })
            const refused = outcomes.find((outcome) => outcome._tag === "Refused")
            assert.strictEqual(refused?._tag === "Refused" ? refused.rejection._tag : "", "PaymentInProgress")
            assert.strictEqual(yield* countOf("order_transitions", orderId), 3)
          }
        }).pipe(Effect.provide(Layer.fresh(actors)))
      }))

    it.effect("does not burn the key of a request that it refused (H13)", () =>
      Effect.gen(function*() {
        const actor = yield* OrderActor
        const { orderId, pay, place, reserve } = fresh()
        yield* through([place])
        assert.strictEqual((yield* actor.ask(keyed(pay, `k-${orderId}`)))._tag, "Refused")
        yield* through([reserve])
        assert.strictEqual((yield* actor.ask(keyed(pay, `k-${orderId}`)))._tag, "Done")
      }))

    it.effect("keeps what a duplicate would do and what came late as ignored, with its reason (H36, H44)", () =>
      Effect.gen(function*() {
        const actor = yield* OrderActor
        const sql = yield* SqlClient.SqlClient
        const { orderId, place, reserve } = fresh()
        const message = heard(reserve)
        yield* through([place])
        const outcomes = yield* actor.submit([message, message, heard(reserve)])
        assert.deepStrictEqual(tally(outcomes), { Done: 2, Duplicate: 1 })
        const rows = yield* sql`SELECT outcome FROM processed_messages WHERE subject = ${orderId} ORDER BY message_id`
        assert.deepStrictEqual(tally(rows.map(({ outcome }) => ({ _tag: String(outcome) }))), {
          applied: 2,
          ignored: 1
        })
        assert.strictEqual(yield* countOf("order_transitions", orderId), 2)
      }))

    it.effect("makes an order of every place in a batch, and sets the one aside that cannot be", () =>
      Effect.gen(function*() {
        const orders = Array.from({ length: 20 }, fresh)
        const outcomes = yield* through(
          orders.map(({ orderId, place }, index) =>
            index === 7
              ? Place.make({ orderId, customerId: O.customerId, lines: [O.line(O.tea, 1), O.line(O.yen, 1)] })
              : place
          )
        )
        assert.deepStrictEqual(tally(outcomes), { Done: 19, Refused: 1 })
        assert.strictEqual(yield* countOf("orders", orders[7]?.orderId ?? ""), 0)
        assert.strictEqual(yield* countOf("order_lines", orders[8]?.orderId ?? ""), 2)
      }))

    it.effect("wakes who waits for an order as soon as it is committed", () =>
      Effect.gen(function*() {
        const actor = yield* OrderActor
        const { place, reserve } = fresh()
        const placed = yield* actor.ask(asked(place))
        if (placed._tag !== "Done" || placed.reply._tag === "Absent") return assert.fail("not placed")
        const waiter = yield* Effect.fork(Waiting.until(placed.reply, untilReserved))
        yield* through([reserve])
        assert.strictEqual((yield* Fiber.join(waiter)).order._tag, "Reserved")
      }).pipe(Effect.provide(blind)))

    it.effect("finds what another replica committed by looking again", () =>
      Effect.gen(function*() {
        const { order } = yield* OrderViews
        const { orderId, place, reserve } = fresh()
        yield* through([place])
        const waiter = yield* Effect.fork(Waiting.until(Option.getOrThrow(yield* order(orderId)), untilReserved))
        yield* through([reserve]).pipe(Effect.provide(Layer.fresh(actors)))
        assert.strictEqual((yield* Fiber.join(waiter)).order._tag, "Reserved")
      }))

    it.effect("feeds the read model, which never goes back to an older version", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const summaries = yield* OrderSummaries
        const { orderId } = fresh()
        const summary = (version: number, status: "Draft" | "Reserved" | "Paid") => {
          const origin = { _tag: "Request" } satisfies Origin<void>
          const { by, lineage } = heard(O.reserve)
          const command = {
            orderId,
            customerId: O.customerId,
            status,
            version,
            total: O.total,
            itemCount: 3,
            placedAt: "2026-03-02T09:15:00.000Z",
            updatedAt: "2026-03-02T09:15:00.000Z"
          }
          return { by, lineage, origin, command }
        }
        yield* summaries.submit([summary(1, "Draft"), summary(4, "Paid"), summary(2, "Reserved")])
        yield* summaries.submit([summary(3, "Reserved")])
        const rows = yield* sql`SELECT status, version, item_count FROM order_summaries WHERE order_id = ${orderId}`
        assert.deepStrictEqual(rows.map((row) => ({ ...row })), [{ status: "Paid", version: 4, item_count: 3 }])
      }))
  }
)
