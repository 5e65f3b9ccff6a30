import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Actor from "../src/Actor.ts"
import * as O from "./support/Orders.ts"
import { actors, asked, database, fresh, heard, said, through } from "./support/Service.ts"

layer(Layer.provideMerge(actors, database()), { excludeTestServices: true })("a hold that runs out", (it) => {
  it.scoped("does so once, though it is told so in two processes at once, and paying decides in the same place (H93, H38)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const actor = yield* Actor.OrderActor
      const other = Context.get(yield* Layer.build(Layer.fresh(Actor.layer)), Actor.OrderActor)
      const orders = Array.from({ length: 30 }, fresh)
      yield* through(orders.flatMap(({ place, reserve }) => [place, reserve]))
      const timers = orders.map(({ about }) => about(O.holdExpired))
      yield* Effect.all([
        actor.submit(timers.map((timer) => heard(timer))),
        other.submit(timers.toReversed().map((timer) => heard(timer))),
        // Every other customer presses at that very moment.
        Effect.forEach(orders.filter((_, index) => index % 2 === 0), ({ pay }) => other.ask(asked(pay)), {
          concurrency: "unbounded"
        })
      ], { concurrency: "unbounded" })

      const told = yield* sql<{ outcome: string; count: number }>`
        SELECT outcome, count(*)::integer AS count FROM processed_messages
        WHERE subject IN ${sql.in(orders.map(({ orderId }) => orderId))} GROUP BY outcome`
      const counts = new Map(told.map(({ count, outcome }) => [outcome, count]))
      // Two timers rang for each, and at least one of them found nothing to do.
      assert.isAtLeast(counts.get("ignored") ?? 0, orders.length)
      for (const { orderId } of orders) {
        const words = yield* said(orderId)
        const ends = words.filter((type) => type === "order.cancelled.v1" || type === "order.payment_requested.v1")
        assert.strictEqual(ends.length, 1, words.join())
      }
    }))
})
