import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Layer, Option } from "effect"
import { begin } from "../src/Claims.ts"
import { IdempotencyKeys } from "../src/IdempotencyKeys.ts"
import { Inbox } from "../src/Inbox.ts"
import type { Claimed } from "../src/KeyClaim.ts"
import type { MessageId } from "../src/Message.ts"
import type { Outcome, Submission } from "../src/Submission.ts"
import { Transaction } from "../src/Transaction.ts"
import type { Command, Forbidden } from "./support/Counter.ts"
import { answerOf, byKey, byMessage, byRequest, command, messageId } from "./support/Counter.ts"

const done = (value: number): Outcome<number, Forbidden> => ({ _tag: "Done", reply: value, answer: answerOf(value) })
const setAside: Outcome<number, Forbidden> = { _tag: "TooEarly", reason: "not yet" }

const never = () => {
  throw new Error("Claiming writes nothing else.")
}
const neverWritten = { ignored: never, unclaim: never, answer: never }

/** Claims with an inbox that has seen some messages and keys that stand as told; everything else is new. */
const claiming = (
  submissions: ReadonlyArray<Submission<Command, number>>,
  known: {
    readonly seen?: ReadonlyArray<MessageId>
    readonly reused?: ReadonlyArray<MessageId>
    readonly keys?: Readonly<Record<string, Claimed>>
  } = {}
) =>
  begin<string, Command, number, Forbidden>("counter", submissions, Effect.succeed("slice")).pipe(
    Effect.map(({ claimed, loaded }) => ({ ...claimed, loaded })),
    Effect.provideService(Transaction, { open: true }),
    Effect.provide(Layer.mergeAll(
      Layer.mock(Inbox, {
        ...neverWritten,
        claim: (_, messages) =>
          Effect.succeed({
            now: DateTime.unsafeMake(7),
            reused: new Set(known.reused),
            fresh: new Set(messages.map(({ messageId }) => messageId).filter((id) => !(known.seen ?? []).includes(id)))
          })
      }),
      Layer.mock(IdempotencyKeys, {
        ...neverWritten,
        claim: (claims) => Effect.succeed(claims.map(({ key }) => known.keys?.[key] ?? { _tag: "Fresh" }))
      })
    ))
  )

describe("claiming a batch", () => {
  it.effect("keeps what is new in order and tells the others what is known of them (H01, H03, H124)", () =>
    Effect.gen(function*() {
      const seen = messageId()
      const submissions = [
        byMessage(command("Add", "a"), seen),
        byRequest(command("Add", "b")),
        byKey(command("Add", "c"), "stored"),
        byKey(command("Add", "d"), "reused"),
        byKey(command("Add", "e"), "open"),
        byMessage(command("Add", "f")),
        byKey(command("Add", "g"), "new")
      ]
      const { fresh, loaded, merge, now } = yield* claiming(submissions, {
        seen: [seen],
        keys: {
          stored: { _tag: "Stored", answer: answerOf(9) },
          reused: { _tag: "Reused" },
          open: { _tag: "InProgress" }
        }
      })
      assert.deepStrictEqual(fresh.map(({ command }) => command.key), ["b", "f", "g"])
      assert.strictEqual(DateTime.toEpochMillis(now), 7)
      assert.strictEqual(loaded, "slice")
      assert.deepStrictEqual(merge([done(1), done(2), done(3)]), [
        { _tag: "Duplicate" },
        done(1),
        { _tag: "Replayed", answer: answerOf(9) },
        { _tag: "KeyReused" },
        { _tag: "KeyInProgress" },
        done(2),
        done(3)
      ])
    }))

  it.effect("runs one of several requests with the same key and shows its answer to the others (H02)", () =>
    Effect.gen(function*() {
      const { fresh, merge } = yield* claiming(["k", "k", "k"].map((key) => byKey(command("Add", "a"), key)))
      assert.strictEqual(fresh.length, 1)
      const replayed: Outcome<number, Forbidden> = { _tag: "Replayed", answer: answerOf(1) }
      assert.deepStrictEqual(merge([done(1)]), [done(1), replayed, replayed])
    }))

  it.effect("tells a follower that the first is in progress while the first may get a better answer", () =>
    Effect.gen(function*() {
      const waiting = (submission: Submission<Command, number>): Submission<Command, number> =>
        submission.origin._tag === "KeyedRequest"
          ? {
            ...submission,
            origin: {
              ...submission.origin,
              claim: { ...submission.origin.claim, open: Option.some(Duration.seconds(1)) }
            }
          }
          : submission
      const { merge } = yield* claiming(["k", "k"].map((key) => waiting(byKey(command("Add", "a"), key))))
      assert.deepStrictEqual(merge([done(1)]), [done(1), { _tag: "KeyInProgress" }])
    }))

  it.effect("takes the same key with another fingerprint for another claim", () =>
    Effect.gen(function*() {
      const { fresh } = yield* claiming(["one", "other"].map((print) => byKey(command("Add", "a"), "k", print)))
      // The keys' table, not the batch, decides which of the two is the key's.
      assert.strictEqual(fresh.length, 2)
    }))

  it.effect("handles a message once that is twice in a batch, and sets both aside if it is set aside", () =>
    Effect.gen(function*() {
      const id = messageId()
      const { fresh, merge } = yield* claiming([byMessage(command("Add", "a"), id), byMessage(command("Add", "a"), id)])
      assert.strictEqual(fresh.length, 1)
      assert.deepStrictEqual(merge([done(1)]), [done(1), { _tag: "Duplicate" }])
      // Acknowledging the second would call the message done while the first still waits for its next attempt.
      assert.deepStrictEqual(merge([setAside]), [setAside, setAside])
    }))

  it.effect("sets aside a message with the id of one in the same batch, and tells of an id that was used before (H143)", () =>
    Effect.gen(function*() {
      const [id, used] = [messageId(), messageId()]
      const first = byMessage(command("Add", "a"), id)
      const other = byMessage(command("Add", "a"), id, "11")
      const { fresh, merge } = yield* claiming([first, other, byMessage(command("Add", "b"), used)], {
        seen: [used],
        reused: [used]
      })
      assert.strictEqual(fresh.length, 1)
      assert.deepStrictEqual(merge([done(1)]).map(({ _tag }) => _tag), ["Done", "Unavailable", "IdReused"])
    }))

  it.effect("tells a follower of a refused request the same refusal", () =>
    Effect.gen(function*() {
      const { merge } = yield* claiming(["k", "k"].map((key) => byKey(command("Add", "a"), key)))
      assert.deepStrictEqual(merge([setAside]), [setAside, setAside])
    }))
})
