import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { make } from "./support/Receiver.ts"
import { payment, type Running, start } from "./support/Running.ts"

const Status = Schema.Struct({
  faults: Schema.Number,
  struck: Schema.Record({ key: Schema.String, value: Schema.Int }),
  webhooks: Schema.Record({ key: Schema.String, value: Schema.Int })
})

const begin = ({ control }: Running, chaos: object) => Effect.promise(() => control("POST", "chaos", chaos))

const status = ({ control }: Running) =>
  Effect.flatMap(Effect.promise(() => control("GET", "chaos")), ({ json }) => Schema.decodeUnknown(Status)(json))

/** What becomes of so many reads, one after the other: a status, or nothing at all. */
const reads = ({ raw }: Running, count: number) =>
  Effect.replicateEffect(
    Effect.promise(() => raw("GET", "/v1/payment_intents").then((answer) => answer.status, () => 0)),
    count
  )

const kinds = ["error_before", "error_after", "reset_before", "reset_after", "rate_limit", "lock_timeout", "non_json"]

describe("F. Chaos", () => {
  it.scopedLive("35 hits as many calls as it was told to, of every kind that was named, and counts them", () =>
    Effect.gen(function*() {
      const running = yield* start()
      yield* begin(running, { seed: 7, faults: 0.5, kinds })
      const answers = yield* reads(running, 200)
      const { struck } = yield* status(running)
      const hit = answers.filter((answer) => answer !== 200).length
      expect(Object.keys(struck).toSorted()).toEqual(kinds.toSorted())
      expect(Object.values(struck).reduce((sum, count) => sum + count)).toBe(hit)
      expect(hit).toBeGreaterThan(70)
      expect(hit).toBeLessThan(130)
    }))

  it.scopedLive("35 a seed repeats what happens, call by call; another one does not", () =>
    Effect.gen(function*() {
      const running = yield* start()
      const played = (seed: number) => Effect.zipRight(begin(running, { seed, faults: 0.3, kinds }), reads(running, 60))
      const [first, again, other] = [yield* played(7), yield* played(7), yield* played(8)]
      expect(again).toEqual(first)
      expect(other).not.toEqual(first)
    }))

  it.scopedLive("35 by default only what passes, and on a read nothing that only a write can meet", () =>
    Effect.gen(function*() {
      const running = yield* start()
      const begun = yield* begin(running, { faults: 1, hangMs: 0 })
      expect(begun.json).toMatchObject({ seed: 0, faults: 1, hangMs: 0, odds: { lost: 0, lateMs: 2000 }, struck: {} })
      yield* reads(running, 150)
      const { struck } = yield* status(running)
      expect(Object.keys(struck).toSorted()).toEqual([...kinds, "hang"].toSorted())
    }))

  it.scopedLive("35 a fault that was ordered comes before any by chance", () =>
    Effect.gen(function*() {
      const running = yield* start()
      yield* begin(running, { faults: 1, kinds: ["rate_limit"] })
      yield* Effect.promise(() => running.control("POST", "faults", { fault: "forbidden" }))
      expect(yield* reads(running, 2)).toEqual([403, 429])
      expect((yield* status(running)).struck).toEqual({ rate_limit: 1 })
    }))

  it.scopedLive("35 ends when it is told to, and still says what it did", () =>
    Effect.gen(function*() {
      const running = yield* start()
      yield* begin(running, { faults: 1, kinds: ["error_before"] })
      expect(yield* reads(running, 3)).toEqual([500, 500, 500])
      const ended = yield* Effect.promise(() => running.control("DELETE", "chaos"))
      expect(ended.json).toMatchObject({ faults: 0, struck: { error_before: 3 } })
      expect(yield* reads(running, 20)).toEqual(Array.from({ length: 20 }, () => 200))
      expect(yield* status(running)).toMatchObject({ faults: 0, struck: { error_before: 3 } })
    }))

  it.scopedLive("35 refuses what makes no sense, and nothing changes", () =>
    Effect.gen(function*() {
      const running = yield* start()
      yield* begin(running, { faults: 0.25 })
      for (
        const chaos of [
          { faults: 1.5 },
          { faults: "often" },
          { kinds: [] },
          { kinds: ["flood"] },
          { hangMs: -1 },
          { seed: 0.5 },
          { webhooks: { lost: 0.6, late: 0.6 } },
          { webhooks: { early: 0.1 } }
        ]
      ) {
        const refused = yield* begin(running, chaos)
        expect([chaos, refused.status]).toEqual([chaos, 400])
      }
      expect((yield* status(running)).faults).toBe(0.25)
    }))
})

const open = { ...payment(), confirm: false }

const stormy = (webhooks: object) =>
  Effect.gen(function*() {
    const receiver = yield* make
    const running = yield* start({ webhookUrl: receiver.url })
    yield* begin(running, { seed: 3, webhooks })
    const create = Effect.promise(() => running.stripe.paymentIntents.create(open))
    return { ...running, receiver, create }
  })

describe("F. Chaos of webhooks", () => {
  it.scopedLive("35 loses some, sends some twice, and the others once", () =>
    Effect.gen(function*() {
      const { create, receiver, ...running } = yield* stormy({ lost: 0.2, duplicated: 0.3 })
      yield* Effect.replicateEffect(create, 40)
      const idle = Effect.promise(() => running.control("GET", "webhooks"))
      yield* Effect.repeat(idle, { until: ({ text }) => text.includes(`"pending":0`), times: 1000 })
      const { webhooks: { duplicated = 0, lost = 0 } } = yield* status(running)
      expect(Math.min(lost, duplicated)).toBeGreaterThan(0)
      const bodies = (yield* receiver.all).map(({ body }) => body)
      expect(new Set(bodies).size).toBe(40 - lost)
      expect(bodies).toHaveLength(40 - lost + duplicated)
    }))

  it.scopedLive("35 sends some late, and all of them when it ends", () =>
    Effect.gen(function*() {
      const { create, receiver, ...running } = yield* stormy({ late: 1, lateMs: 600_000 })
      yield* Effect.replicateEffect(create, 3)
      const { json } = yield* Effect.promise(() => running.control("GET", "webhooks"))
      expect(json).toMatchObject({ pending: 3, delivered: 0 })
      yield* Effect.promise(() => running.control("DELETE", "chaos"))
      const bodies = (yield* Effect.replicateEffect(receiver.next, 3)).map(({ body }) => body)
      expect(new Set(bodies).size).toBe(3)
    }))

  it.scopedLive("35 sends a late one by itself when its time has come", () =>
    Effect.gen(function*() {
      const { create, receiver, ...running } = yield* stormy({ late: 1, lateMs: 1100 })
      yield* create
      const { body, signature } = yield* receiver.next
      const { created } = running.stripe.webhooks.constructEvent(body, signature, "whsec_conformance")
      expect(Number(/^t=(\d+)/.exec(signature)?.[1])).toBeGreaterThan(created)
      expect((yield* status(running)).webhooks).toEqual({ late: 1 })
    }))

  it.scopedLive("35 lets some be overtaken by what happened after them", () =>
    Effect.gen(function*() {
      const { create, receiver } = yield* stormy({ reordered: 1 })
      const made = [(yield* create).id, (yield* create).id]
      const heard = (yield* Effect.replicateEffect(receiver.next, 2)).map(({ body }) => /"(pi_3\w+)"/.exec(body)?.[1])
      expect(heard).toEqual(made.toReversed())
    }))
})
