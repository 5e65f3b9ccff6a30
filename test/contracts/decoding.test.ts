import { assert, describe, it } from "@effect/vitest"
import type { Consumer, Entry } from "@quartet/contracts/Catalog"
import { catalog, definitionOf } from "@quartet/contracts/Catalog"
import type { Outgoing } from "@quartet/messaging/Message"
import { Either, FastCheck, Option, Schema } from "effect"
import { samples, withStrangers } from "../../packages/contracts/test/Samples.ts"
import { listeners } from "./Listeners.ts"
import { anySaying, written } from "./Spoken.ts"

const pairs = catalog.flatMap((entry) =>
  entry.heardBy.map((consumer) => ({ type: entry.definition.type, entry, consumer }))
)

const hear = (consumer: Consumer, body: string): Either.Either<{ readonly orderId: string }, string> =>
  listeners[consumer].hear(body)

const AnyJson = Schema.parseJson(Schema.Unknown)
const withMore = (body: string) => Schema.encodeSync(AnyJson)(withStrangers(Schema.decodeSync(AnyJson)(body)))

/** For everything the speaker can say. */
const forAll = (entry: Entry, law: (message: Outgoing) => void) =>
  FastCheck.assert(FastCheck.property(anySaying(entry), law), { numRuns: 60 })

describe("every consumer understands", () => {
  it.each(pairs)(
    "$consumer: any $type that its speaker can say (H179)",
    ({ consumer, entry }) =>
      forAll(entry, (message) => {
        const command = Either.getOrThrowWith(hear(consumer, written(message)), (reason) => new Error(reason))
        assert.strictEqual(command.orderId, message.subject)
      })
  )

  it.each(pairs)(
    "$consumer: $type as before, with fields it does not know at every level (H174)",
    ({ consumer, entry }) =>
      forAll(entry, (message) => {
        const body = written(message)
        assert.deepStrictEqual(hear(consumer, withMore(body)), hear(consumer, body))
      })
  )

  const frozen = samples.flatMap((sample) =>
    Option.getOrThrow(definitionOf(sample.type)).heardBy.map((consumer) => ({ ...sample, consumer }))
  )

  it.each(frozen)("$consumer: the frozen $type, to the byte (H177, H178)", ({ consumer, envelope, text }) => {
    const command = Either.getOrThrowWith(hear(consumer, text), (reason) => new Error(reason))
    assert.strictEqual(command.orderId, envelope.subject)
    assert.deepStrictEqual(hear(consumer, withMore(text)), hear(consumer, text))
  })

  it.each(pairs)(
    "$consumer: no $type of a version to come, which waits with its reason (H176)",
    ({ consumer, entry }) => {
      const [message] = FastCheck.sample(anySaying(entry), { numRuns: 1, seed: 4 })
      if (message === undefined) return assert.fail("nothing was made up")
      const next = { ...message, type: message.type.replace(/\.v1$/, ".v2") }
      const reason = Either.getOrThrow(Either.flip(hear(consumer, written(next))))
      assert.include(reason, "this version is not known here")
    }
  )
})
