import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Option } from "effect"
import { IdempotencyKeys } from "../src/IdempotencyKeys.ts"
import type { Answer, KeyClaim } from "../src/KeyClaim.ts"
import { written } from "../src/testing/Written.ts"
import { atomically } from "../src/Transaction.ts"
import * as Counter from "./support/Counter.ts"
import { eventually } from "./support/Eventually.ts"

const claimOf = (key: string, over: Partial<KeyClaim> = {}): KeyClaim => ({
  owner: "ann",
  key,
  fingerprint: "print",
  open: Option.none(),
  ...over
})
const answer = (body: string): Answer => ({ status: 201, headers: { location: "/orders/1" }, body })

/** Claims one key and keeps the answer, as a batch does. */
const claimAndAnswer = (claim: KeyClaim, given: Answer) =>
  Effect.gen(function*() {
    const keys = yield* IdempotencyKeys
    const [claimed] = yield* keys.claim([claim])
    if (claimed?._tag === "Fresh") yield* written(keys.answer([{ owner: claim.owner, key: claim.key, answer: given }]))
    return claimed
  }).pipe(atomically)

layer(Counter.layer(), { excludeTestServices: true })("idempotency keys", (it) => {
  it.effect("replays the answer byte for byte: status, headers and body (H01)", () =>
    Effect.gen(function*() {
      const given = answer("{\"b\": 1,\"a\":\t\"\\u00fc\u2028😀 \\\\ ''\"}\r\n")
      assert.deepStrictEqual(yield* claimAndAnswer(claimOf("bytes"), given), { _tag: "Fresh" })
      const again = yield* claimAndAnswer(claimOf("bytes"), answer("another"))
      assert.deepStrictEqual(again, { _tag: "Stored", answer: given })
    }))

  it.effect("refuses a key for another request, and keeps the first answer (H03, H04, H16)", () =>
    Effect.gen(function*() {
      yield* claimAndAnswer(claimOf("reused"), answer("first"))
      const other = yield* claimAndAnswer(claimOf("reused", { fingerprint: "other" }), answer("second"))
      assert.deepStrictEqual(other, { _tag: "Reused" })
      const again = yield* claimAndAnswer(claimOf("reused"), answer("third"))
      assert.deepStrictEqual(again, { _tag: "Stored", answer: answer("first") })
    }))

  it.effect("takes the same key of two customers for two keys (H05)", () =>
    Effect.gen(function*() {
      yield* claimAndAnswer(claimOf("shared"), answer("ann's"))
      const bob = yield* claimAndAnswer(claimOf("shared", { owner: "bob" }), answer("bob's"))
      assert.deepStrictEqual(bob, { _tag: "Fresh" })
    }))

  it.effect("answers in the claims' order; of two fingerprints in one batch the first is the key's", () =>
    Effect.gen(function*() {
      const keys = yield* IdempotencyKeys
      yield* claimAndAnswer(claimOf("known"), answer("known"))
      const claimed = yield* atomically(keys.claim([
        claimOf("z"),
        claimOf("known"),
        claimOf("a"),
        claimOf("z", { fingerprint: "other" }),
        claimOf("known", { fingerprint: "other" })
      ]))
      assert.deepStrictEqual(claimed.map(({ _tag }) => _tag), ["Fresh", "Stored", "Fresh", "Reused", "Reused"])
    }))

  it.effect("lets one of two instances run that see no key at the same instant (H02, H14)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const keys = yield* IdempotencyKeys
      const claimed = yield* Deferred.make<void>()
      const commit = yield* Deferred.make<void>()
      const first = yield* keys.claim([claimOf("race")]).pipe(
        Effect.tap(() => Deferred.succeed(claimed, undefined)),
        Effect.tap(() => Deferred.await(commit)),
        Effect.tap(() => written(keys.answer([{ owner: "ann", key: "race", answer: answer("first") }]))),
        atomically,
        Effect.fork
      )
      yield* Deferred.await(claimed)
      const second = yield* Effect.fork(claimAndAnswer(claimOf("race"), answer("second")))
      yield* eventually(
        sql`SELECT 1 FROM pg_stat_activity WHERE usename = current_user AND wait_event_type = 'Lock'`,
        (waiting) => waiting.length === 1
      )
      yield* Deferred.succeed(commit, undefined)
      assert.deepStrictEqual(yield* Fiber.join(first), [{ _tag: "Fresh" }])
      assert.deepStrictEqual(yield* Fiber.join(second), { _tag: "Stored", answer: answer("first") })
    }))

  it.effect("gives a key back whose request was refused (H13)", () =>
    Effect.gen(function*() {
      const keys = yield* IdempotencyKeys
      yield* atomically(keys.claim([claimOf("given back"), claimOf("kept")]))
      yield* atomically(written(keys.unclaim([{ owner: "ann", key: "given back" }, { owner: "bob", key: "kept" }])))
      const again = yield* atomically(keys.claim([claimOf("given back", { fingerprint: "other" }), claimOf("kept")]))
      assert.deepStrictEqual(again.map(({ _tag }) => _tag), ["Fresh", "InProgress"])
    }))

  it.effect("says in progress while the first caller may get a better answer, and then gives the last word", () =>
    Effect.gen(function*() {
      const keys = yield* IdempotencyKeys
      const claim = claimOf("open", { open: Option.some(Duration.minutes(1)) })
      yield* claimAndAnswer(claim, answer("for now"))
      assert.deepStrictEqual(yield* claimAndAnswer(claim, answer("x")), { _tag: "InProgress" })
      assert.deepStrictEqual(yield* keys.seal(claim, answer("at last")), answer("at last"))
      assert.deepStrictEqual(yield* claimAndAnswer(claim, answer("x")), { _tag: "Stored", answer: answer("at last") })
    }))

  it.effect("gives the answer for now when the first caller never came back for a better one (H08)", () =>
    Effect.gen(function*() {
      const claim = claimOf("lapsed", { open: Option.some(Duration.millis(1)) })
      yield* claimAndAnswer(claim, answer("for now"))
      const again = yield* eventually(claimAndAnswer(claim, answer("x")), (claimed) => claimed?._tag === "Stored")
      assert.deepStrictEqual(again, { _tag: "Stored", answer: answer("for now") })
    }))

  it.effect("is sealed once: who comes second is told the last word (H09)", () =>
    Effect.gen(function*() {
      const keys = yield* IdempotencyKeys
      const claim = claimOf("sealed", { open: Option.some(Duration.minutes(1)) })
      yield* claimAndAnswer(claim, answer("for now"))
      const words = yield* Effect.all(["1", "2", "3", "4"].map((word) => keys.seal(claim, answer(word))), {
        concurrency: "unbounded"
      })
      assert.strictEqual(new Set(words.map(({ body }) => body)).size, 1)
      assert.deepStrictEqual(yield* keys.seal(claim, answer("5")), words[0])
      assert.deepStrictEqual(yield* keys.seal({ owner: "ann", key: "expired" }, answer("6")), answer("6"))
    }))

  it.effect("expires old keys and never one that is still open (H12)", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const keys = yield* IdempotencyKeys
      yield* sql`DELETE FROM idempotency_keys`
      yield* claimAndAnswer(claimOf("old"), answer("a"))
      yield* claimAndAnswer(claimOf("old and open", { open: Option.some(Duration.days(2)) }), answer("b"))
      yield* sql`UPDATE idempotency_keys SET created_at = now() - interval '25 hours'`
      yield* claimAndAnswer(claimOf("young"), answer("c"))
      assert.strictEqual(yield* keys.expire(Duration.hours(24)), 1)
      const left = yield* sql<{ key: string }>`SELECT key FROM idempotency_keys ORDER BY key`
      assert.deepStrictEqual(left.map(({ key }) => key), ["old and open", "young"])
    }))
})
