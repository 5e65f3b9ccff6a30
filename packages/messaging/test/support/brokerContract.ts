import { assert, describe, it } from "@effect/vitest"
import type { Scope } from "effect"
import { Chunk, Duration, Effect, Exit, Layer, Queue, Scope as Scopes } from "effect"
import type { Delivery, Disposition, Publication, Subscription } from "../../src/Broker.ts"
import { Broker } from "../../src/Broker.ts"
import { messageId } from "./Counter.ts"
import { eventually } from "./Eventually.ts"

export const subscriptions: ReadonlyArray<Subscription> = [
  { consumer: "one", types: ["a.v1", "b.v1"] },
  { consumer: "two", types: ["b.v1"] }
]

export const acknowledge: Disposition = { _tag: "Acknowledge" }
export const retry = (after: Duration.DurationInput): Disposition => ({
  _tag: "Retry",
  after: Duration.decode(after)
})

export const publication = (type: string, body: string = type): Publication => ({
  id: messageId(),
  type,
  subject: "s",
  body
})

/** The next delivery; that none comes fails the test. */
export const next = (deliveries: Queue.Dequeue<Delivery>): Effect.Effect<Delivery> =>
  Queue.take(deliveries).pipe(Effect.timeout("20 seconds"), Effect.orDie)

/** The next deliveries, each acknowledged. */
export const drain = (deliveries: Queue.Dequeue<Delivery>, count: number): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(
    Effect.replicateEffect(Effect.tap(next(deliveries), ({ settle }) => settle(acknowledge)), count),
    (all) => all.map(({ body }) => body)
  )

/** What every broker must do. `makeBroker` gives one that knows `subscriptions` and nothing else. */
export const brokerContract = <E>(
  name: string,
  makeBroker: Layer.Layer<Broker, E>
): void => {
  const test = <A, F>(title: string, body: Effect.Effect<A, F, Broker | Scope.Scope>) =>
    it.scopedLive(title, () => Effect.provide(body, Layer.fresh(makeBroker)))

  describe(name, () => {
    test(
      "gives a message to every subscriber of its type and to nobody else, byte for byte",
      Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const one = yield* deliveries("one")
        const two = yield* deliveries("two")
        const text = "{\"data\":\"Ærøskøbing \\u0000 𝄞\"}"
        yield* Effect.fork(Effect.all([publish(publication("b.v1", text)), publish(publication("a.v1", "for one"))]))
        assert.deepStrictEqual(yield* drain(two, 1), [text])
        assert.sameMembers([...yield* drain(one, 2)], [text, "for one"])
        assert.strictEqual(yield* Queue.size(two), 0)
      })
    )

    test(
      "refuses what nobody hears",
      Effect.gen(function*() {
        const { publish } = yield* Broker
        const refused = yield* Effect.flip(publish(publication("c.v1")))
        assert.include(refused.reason, "c.v1")
      })
    )

    test(
      "keeps a message for a subscriber that is not there yet",
      Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        yield* Effect.fork(publish(publication("a.v1", "early")))
        const one = yield* Effect.delay(deliveries("one"), "50 millis")
        assert.deepStrictEqual(yield* drain(one, 1), ["early"])
      })
    )

    test(
      "brings a message again after its delay and not before, with the next attempt",
      Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const one = yield* deliveries("one")
        yield* Effect.fork(publish(publication("a.v1")))
        const seen: Array<number> = []
        for (const after of ["50 millis", "200 millis"] as const) {
          const delivery = yield* next(one)
          seen.push(delivery.attempt)
          const [waited] = yield* Effect.timed(Effect.zipRight(delivery.settle(retry(after)), until(one)))
          assert.isAtLeast(Duration.toMillis(waited), Duration.toMillis(after) - 5)
        }
        const last = yield* next(one)
        assert.deepStrictEqual([...seen, last.attempt, last.body], [1, 2, 3, "a.v1"])
        yield* last.settle(acknowledge)
      })
    )

    test(
      "delivers again what was not settled when its consumer went away, and nothing else",
      Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const bodies = ["settled", "taken", "waiting", "also waiting"]
        yield* Effect.fork(Effect.forEach(bodies, (body) => publish(publication("a.v1", body)), {
          concurrency: "unbounded"
        }))
        const scope = yield* Scopes.make()
        const before = yield* Scopes.extend(deliveries("one"), scope)
        const held: Array<Delivery> = []
        while (!held.some(({ body }) => body === "settled")) held.push(yield* next(before))
        yield* Effect.forEach(held, ({ body, settle }) => body === "settled" ? settle(acknowledge) : Effect.void)
        yield* Scopes.close(scope, Exit.void)
        // What is settled too late is the next consumer's already.
        yield* Effect.forEach(held, ({ settle }) => settle(acknowledge))
        const one = yield* deliveries("one")
        yield* Effect.fork(publish(publication("a.v1", "the end")))
        const again = yield* drain(one, 4)
        assert.sameMembers([...again], ["taken", "waiting", "also waiting", "the end"])
      })
    )

    test(
      "takes it calmly when a delivery is settled twice",
      Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const one = yield* deliveries("one")
        yield* Effect.fork(Effect.all([publish(publication("a.v1", "held")), publish(publication("a.v1", "twice"))], {
          concurrency: 2
        }))
        const [first, second] = yield* Effect.all([next(one), next(one)])
        const [held, twice] = first.body === "held" ? [first, second] : [second, first]
        yield* twice.settle(acknowledge)
        yield* twice.settle(acknowledge)
        yield* Effect.fork(publish(publication("a.v1", "after")))
        // What was held is not handed out a second time meanwhile.
        assert.deepStrictEqual(yield* drain(one, 1), ["after"])
        yield* held.settle(acknowledge)
      })
    )

    test(
      "keeps the order in which messages were published one after the other",
      Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const one = yield* deliveries("one")
        const bodies = Array.from({ length: 200 }, (_, n) => `${n}`)
        yield* Effect.fork(Effect.forEach(bodies, (body) => publish(publication("a.v1", body))))
        assert.deepStrictEqual(yield* drain(one, 200), bodies)
      })
    )

    test(
      "gives all of 3000 messages that were published at once, and holds back what a consumer does not take",
      Effect.gen(function*() {
        const { deliveries, publish } = yield* Broker
        const one = yield* deliveries("one")
        const bodies = Array.from({ length: 3000 }, (_, n) => `${n}`)
        yield* Effect.fork(Effect.forEach(bodies, (body) => publish(publication("a.v1", body)), { concurrency: 3000 }))
        yield* eventually(Queue.size(one), (size) => size >= 512)
        const held = yield* Queue.takeUpTo(one, 3000)
        assert.isBelow(Chunk.size(held), 1100)
        yield* Effect.forEach(held, ({ settle }) => settle(acknowledge))
        const rest = yield* drain(one, 3000 - Chunk.size(held))
        assert.strictEqual(new Set([...Chunk.map(held, ({ body }) => body), ...rest]).size, 3000)
      })
    )

    test(
      "is ready once every consumer that asked is given its deliveries",
      Effect.gen(function*() {
        const { deliveries, ready } = yield* Broker
        yield* Effect.asVoid(deliveries("one"))
        yield* Effect.asVoid(deliveries("two"))
        assert.isTrue(yield* eventually(ready, (is) => is))
      })
    )

    test(
      "dies of a consumer that the topology does not name",
      Effect.gen(function*() {
        const { deliveries } = yield* Broker
        const exit = yield* Effect.exit(deliveries("nobody"))
        assert.include(String(exit), "nobody")
      })
    )
  })
}

/** Waits until something can be taken, and takes nothing. */
const until = (deliveries: Queue.Dequeue<Delivery>) => eventually(Queue.size(deliveries), (size) => size > 0)
