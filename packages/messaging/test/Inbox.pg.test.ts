import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Deferred, Effect, Fiber } from "effect"
import { Inbox } from "../src/Inbox.ts"
import type { MessageId } from "../src/Message.ts"
import { written } from "../src/testing/Written.ts"
import { atomically } from "../src/Transaction.ts"
import * as Counter from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"

const received = (messageId: MessageId) => ({ messageId, type: "test.v1", subject: "s", digest: "00".repeat(8) })
const three = (): readonly [MessageId, MessageId, MessageId] => [
  Counter.messageId(),
  Counter.messageId(),
  Counter.messageId()
]

layer(Counter.layer(), { excludeTestServices: true })("the inbox", (it) => {
  it.effect("claims many messages once for each consumer, and tells the database's time (H168)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const inbox = yield* Inbox
      const [a, b, c] = three()
      const first = yield* atomically(inbox.claim("one", [a, b].map(received)))
      assert.deepStrictEqual(first.fresh, new Set([a, b]))
      const again = yield* atomically(inbox.claim("one", [a, b, c].map(received)))
      assert.deepStrictEqual(again.fresh, new Set([c]))
      const other = yield* atomically(inbox.claim("two", [a].map(received)))
      assert.deepStrictEqual(other.fresh, new Set([a]))
      const [row] = yield* sql<{ at: Date }>`SELECT processed_at AS at FROM processed_messages WHERE message_id = ${c}`
      assert.strictEqual(DateTime.toEpochMillis(again.now), row?.at.getTime())
    }))

  it.effect("only tells the time when asked with no messages", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const inbox = yield* Inbox
      const read = Effect.all([inbox.claim("one", []), sql<{ now: Date }>`SELECT now()`])
      const [claim, [row]] = yield* atomically(read)
      assert.strictEqual(claim.fresh.size, 0)
      assert.strictEqual(DateTime.toEpochMillis(claim.now), row?.now.getTime())
    }))

  const twoAtOnce = (commits: boolean) =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const inbox = yield* Inbox
      const id = Counter.messageId()
      const claimed = yield* Deferred.make<void>()
      const end = yield* Deferred.make<void>()
      const first = yield* inbox.claim("one", [received(id)]).pipe(
        Effect.tap(() => Deferred.succeed(claimed, undefined)),
        Effect.tap(() => Deferred.await(end)),
        Effect.filterOrFail(() => commits, () => "rolled back"),
        atomically,
        Effect.exit,
        Effect.fork
      )
      yield* Deferred.await(claimed)
      const second = yield* Effect.fork(atomically(inbox.claim("one", [received(id)])))
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
      const inbox = yield* Inbox
      const [a, b] = three()
      yield* atomically(inbox.claim("one", [a, b].map(received)))
      yield* atomically(inbox.claim("two", [a].map(received)))
      yield* atomically(written(inbox.unclaim("one", [a])))
      assert.deepStrictEqual((yield* atomically(inbox.claim("one", [a, b].map(received)))).fresh, new Set([a]))
      assert.strictEqual((yield* atomically(inbox.claim("two", [a].map(received)))).fresh.size, 0)
    }))

  it.effect("notes why a message changed nothing", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const inbox = yield* Inbox
      const [a, b] = three()
      yield* atomically(Effect.zipRight(
        inbox.claim("three", [a, b].map(received)),
        written(inbox.ignored("three", [{ messageId: b, reason: "known already" }]))
      ))
      const rows = yield* sql`
        SELECT message_id, outcome, reason FROM processed_messages WHERE consumer = 'three' ORDER BY outcome`
      assert.deepStrictEqual(rows, [
        { message_id: a, outcome: "applied", reason: null },
        { message_id: b, outcome: "ignored", reason: "known already" }
      ])
    }))
})
