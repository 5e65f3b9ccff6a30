import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Deferred, Effect, Fiber } from "effect"
import * as Inbox from "../src/Inbox.ts"
import type { MessageId } from "../src/Message.ts"
import { alone, inside, inTransaction } from "../src/testing/InTransaction.ts"
import type { Transaction } from "../src/transaction/Transaction.ts"
import * as Counter from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"

const received = (messageId: MessageId) => ({ messageId, type: "test.v1", subject: "s", digest: "00".repeat(8) })
const three = (): readonly [MessageId, MessageId, MessageId] => [
  Counter.messageId(),
  Counter.messageId(),
  Counter.messageId()
]

const claim = (transaction: Transaction, consumer: string, messages: ReadonlyArray<Inbox.Received>) =>
  Effect.map(inside(transaction, Inbox.claim(consumer, messages)), Inbox.claimed)
const claimAlone = (consumer: string, messages: ReadonlyArray<Inbox.Received>) =>
  inTransaction((transaction) => claim(transaction, consumer, messages))

layer(Counter.layer(), { excludeTestServices: true })("the inbox", (it) => {
  it.effect("claims many messages once for each consumer, and tells the database's time (H168)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [a, b, c] = three()
      const first = yield* claimAlone("one", [a, b].map(received))
      assert.deepStrictEqual(first.fresh, new Set([a, b]))
      const again = yield* claimAlone("one", [a, b, c].map(received))
      assert.deepStrictEqual(again.fresh, new Set([c]))
      const other = yield* claimAlone("two", [a].map(received))
      assert.deepStrictEqual(other.fresh, new Set([a]))
      const [row] = yield* sql<{ at: Date }>`SELECT processed_at AS at FROM processed_messages WHERE message_id = ${c}`
      assert.strictEqual(DateTime.toEpochMillis(again.now), row?.at.getTime())
    }))

  it.effect("only tells the time when asked with no messages", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const claimed = yield* claimAlone("one", [])
      assert.strictEqual(claimed.fresh.size, 0)
      const [row] = yield* sql<{ now: Date }>`SELECT now()`
      assert.isAtMost(Math.abs(DateTime.toEpochMillis(claimed.now) - (row?.now.getTime() ?? 0)), 60_000)
    }))

  const twoAtOnce = (commits: boolean) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const id = Counter.messageId()
      const claimed = yield* Deferred.make<void>()
      const end = yield* Deferred.make<void>()
      const first = yield* inTransaction((transaction) =>
        claim(transaction, "one", [received(id)]).pipe(
          Effect.tap(() => Deferred.succeed(claimed, undefined)),
          Effect.tap(() => Deferred.await(end)),
          Effect.filterOrFail(() => commits, () => "rolled back")
        )
      ).pipe(Effect.exit, Effect.fork)
      yield* Deferred.await(claimed)
      const second = yield* Effect.fork(claimAlone("one", [received(id)]))
      yield* eventually(
        sql`SELECT 1 FROM pg_stat_activity WHERE usename = current_user AND wait_event_type = 'Lock'`,
        (waiting) => waiting.length === 1
      )
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.join(first)
      return { claim: yield* Fiber.join(second), id }
    })

  it.effect("makes a second transaction wait for the first, and find the message claimed (H124)", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* twoAtOnce(true)).claim.fresh.size, 0)
    }))

  it.effect("gives the message to the second transaction when the first rolls back (H126)", () =>
    Effect.gen(function*() {
      const { claim, id } = yield* twoAtOnce(false)
      assert.deepStrictEqual(claim.fresh, new Set([id]))
    }))

  it.effect("gives claims back, and only those of the consumer that asks", () =>
    Effect.gen(function*() {
      const [a, b] = three()
      yield* claimAlone("one", [a, b].map(received))
      yield* claimAlone("two", [a].map(received))
      yield* alone(Inbox.unclaim("one", [a]))
      assert.deepStrictEqual((yield* claimAlone("one", [a, b].map(received))).fresh, new Set([a]))
      assert.strictEqual((yield* claimAlone("two", [a].map(received))).fresh.size, 0)
    }))

  it.effect("notes why a message changed nothing", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [a, b] = three()
      yield* inTransaction((transaction) =>
        Effect.zipRight(
          claim(transaction, "three", [a, b].map(received)),
          inside(transaction, Inbox.ignored("three", [{ messageId: b, reason: "known already" }]))
        )
      )
      const rows = yield* sql`
        SELECT message_id, outcome, reason FROM processed_messages WHERE consumer = 'three' ORDER BY outcome`
      assert.deepStrictEqual(rows, [
        { message_id: a, outcome: "applied", reason: null },
        { message_id: b, outcome: "ignored", reason: "known already" }
      ])
    }))
})
