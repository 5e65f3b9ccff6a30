import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { Unhandled } from "../src/Parking.ts"
import { Parking } from "../src/Parking.ts"
import * as Counter from "./support/Counter.ts"

const unhandled = (messageId: string, over: Partial<Unhandled> = {}): Unhandled => ({
  consumer: "counter",
  messageId,
  type: "t.v1",
  subject: "s",
  envelope: "{}",
  reason: "it broke",
  attempts: 5,
  ...over
})

layer(Counter.layer(), { excludeTestServices: true })("parked messages", (it) => {
  const fresh = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`TRUNCATE parked_messages`)
  /** Parks one message and gives it as an operator sees it. */
  const parked = Effect.fnUntraced(function*(message: Unhandled) {
    const parking = yield* Parking
    yield* parking.park(message)
    return Option.getOrThrow(Option.fromNullable((yield* parking.list).at(-1)))
  })

  it.effect("are listed oldest first with their reason (H131)", () =>
    Effect.gen(function*() {
      yield* fresh
      const parking = yield* Parking
      yield* parking.park(unhandled("1"))
      yield* parking.park(unhandled("2", { reason: "unreadable", attempts: 1 }))
      const listed = yield* parking.list
      assert.deepStrictEqual(listed.map(({ attempts, messageId, reason }) => [messageId, reason, attempts]), [
        ["1", "it broke", 5],
        ["2", "unreadable", 1]
      ])
    }))

  it.effect("are counted and found while they wait, and not once they were given up", () =>
    Effect.gen(function*() {
      yield* fresh
      const parking = yield* Parking
      yield* parking.park(unhandled("1"))
      const { id } = yield* parked(unhandled("2"))
      assert.strictEqual(yield* parking.count, 2)
      assert.strictEqual(Option.getOrThrow(yield* parking.find(id)).messageId, "2")
      yield* parking.discard(id, "not needed")
      assert.strictEqual(yield* parking.count, 1)
      assert.isTrue(Option.isNone(yield* parking.find(id)))
      assert.isTrue(Option.isNone(yield* parking.find("no number")))
    }))

  it.effect("wait once for each consumer; parked again they keep the newest reason and need a new request", () =>
    Effect.gen(function*() {
      yield* fresh
      const parking = yield* Parking
      const { id } = yield* parked(unhandled("1"))
      yield* parking.replay(Option.some(id))
      yield* parking.park(unhandled("1", { reason: "broke again" }))
      yield* parking.park(unhandled("1", { consumer: "other" }))
      assert.deepStrictEqual((yield* parking.list).map(({ consumer, reason }) => [consumer, reason]), [
        ["counter", "broke again"],
        ["other", "it broke"]
      ])
      assert.deepStrictEqual(yield* parking.requested("counter"), [])
    }))

  it.effect("are replayed one by one or all at once, and asking twice is asking once", () =>
    Effect.gen(function*() {
      yield* fresh
      const parking = yield* Parking
      const first = yield* parked(unhandled("1"))
      yield* parked(unhandled("2"))
      assert.strictEqual(yield* parking.replay(Option.some(first.id)), 1)
      assert.strictEqual(yield* parking.replay(Option.some("999999")), 0)
      assert.deepStrictEqual((yield* parking.requested("counter")).map(({ id }) => id), [first.id])
      assert.deepStrictEqual(yield* parking.requested("other"), [])
      assert.strictEqual(yield* parking.replay(Option.none()), 2)
      assert.strictEqual((yield* parking.requested("counter")).length, 2)
    }))

  it.effect("leave the list when their replay was handled", () =>
    Effect.gen(function*() {
      yield* fresh
      const parking = yield* Parking
      const one = yield* parked(unhandled("1"))
      yield* parking.replay(Option.none())
      yield* parking.replayed(one)
      yield* parking.replayed(one)
      assert.deepStrictEqual([yield* parking.list, yield* parking.requested("counter")], [[], []])
      assert.strictEqual(yield* parking.replay(Option.some(one.id)), 0)
      yield* parking.park(unhandled("1"))
      assert.strictEqual((yield* parking.list).length, 1)
    }))

  it.effect("go on waiting when their replay failed, even if the next was asked for meanwhile", () =>
    Effect.gen(function*() {
      yield* fresh
      const parking = yield* Parking
      const one = yield* parked(unhandled("1"))
      yield* parking.replay(Option.some(one.id))
      yield* parking.park(unhandled("1", { reason: "broke again" }))
      yield* parking.replay(Option.some(one.id))
      yield* parking.replayed(one)
      assert.deepStrictEqual((yield* parking.requested("counter")).map(({ reason }) => reason), ["broke again"])
    }))

  it.effect("are given up for good with the reason why, also while a replay is under way", () =>
    Effect.gen(function*() {
      yield* fresh
      const sql = yield* SqlClient.SqlClient
      const parking = yield* Parking
      const one = yield* parked(unhandled("1"))
      yield* parking.replay(Option.some(one.id))
      assert.strictEqual(yield* parking.discard(one.id, "a test order"), 1)
      assert.strictEqual(yield* parking.discard(one.id, "again"), 0)
      yield* parking.replayed(one)
      const kept = yield* sql`SELECT discarded_because AS because, replayed_at FROM parked_messages`
      assert.deepStrictEqual(kept, [{ because: "a test order", replayed_at: null }])
      assert.deepStrictEqual(yield* parking.requested("counter"), [])
    }))

  it.effect("hold whatever arrives, also what PostgreSQL's text cannot hold (H144, H189)", () =>
    Effect.gen(function*() {
      yield* fresh
      const envelope = "\u0000 not text"
      const one = yield* parked(unhandled("\u0000", { envelope, subject: "\u0000", reason: "a \u0000 b" }))
      assert.strictEqual(one.reason, "a \uFFFD b")
      assert.deepStrictEqual([one.encoding, Buffer.from(one.envelope, "base64").toString()], ["base64", envelope])
      const half = yield* parked(unhandled("2", { envelope: "half \ud800 a character" }))
      assert.deepStrictEqual([half.encoding, half.envelope], [undefined, "half \uFFFD a character"])
    }))

  it.effect("wait beside another one with the same id, each as it came (H143)", () =>
    Effect.gen(function*() {
      yield* fresh
      const parking = yield* Parking
      yield* parking.park(unhandled("1", { envelope: "one" }))
      yield* parking.park(unhandled("1", { envelope: "other" }))
      yield* parking.park(unhandled("1", { envelope: "other" }))
      assert.deepStrictEqual((yield* parking.list).map(({ attempts, envelope }) => [envelope, attempts]), [
        ["one", 5],
        ["other", 6]
      ])
    }))
})
