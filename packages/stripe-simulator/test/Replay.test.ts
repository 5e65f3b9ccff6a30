import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { make, type Receiver } from "./support/Receiver.ts"
import { payment, type Running, start } from "./support/Running.ts"

const open = { ...payment(), confirm: false }

const idle = ({ control }: Running) =>
  Effect.repeat(Effect.promise(() => control("GET", "webhooks")), {
    until: ({ text }) => text.includes(`"pending":0`),
    times: 2000
  })

const replay = ({ control }: Running, selection: object = {}) =>
  Effect.promise(() => control("POST", "webhooks/replay", selection))

const bodiesOf = (receiver: Receiver) => Effect.map(receiver.all, (all) => all.map(({ body }) => body).toSorted())

const told = Effect.gen(function*() {
  const receiver = yield* make
  const running = yield* start({ webhookUrl: receiver.url })
  const intent = yield* Effect.promise(() => running.stripe.paymentIntents.create(payment()))
  yield* idle(running)
  return { ...running, receiver, intent, first: yield* bodiesOf(receiver) }
})

describe("E. Events sent again", () => {
  it.scopedLive("32 events on record are sent again: same id and body, signed anew (H84)", () =>
    Effect.gen(function*() {
      const { first, intent, receiver, ...running } = yield* told
      yield* Effect.promise(() => running.stripe.refunds.create({ payment_intent: intent.id }))
      yield* idle(running)
      const all = [...first, ...(yield* bodiesOf(receiver))].toSorted()
      expect((yield* replay(running)).json).toEqual({ replayed: 5 })
      yield* idle(running)
      const again = yield* receiver.all
      expect(again.map(({ body }) => body).toSorted()).toEqual(all)
      for (const { body, signature } of again) {
        expect(running.stripe.webhooks.constructEvent(body, signature, "whsec_conformance")).toHaveProperty("id")
      }
    }))

  it.scopedLive("32 only those of a type or of a time, when one is named", () =>
    Effect.gen(function*() {
      const { receiver, ...running } = yield* told
      expect((yield* replay(running, { type: "payment_intent.*" })).json).toEqual({ replayed: 2 })
      yield* idle(running)
      expect((yield* replay(running, { type: "charge.succeeded" })).json).toEqual({ replayed: 1 })
      yield* idle(running)
      expect((yield* replay(running, { type: "charge" })).json).toEqual({ replayed: 0 })
      expect((yield* replay(running, { since: 4_000_000_000 })).json).toEqual({ replayed: 0 })
      expect((yield* bodiesOf(receiver)).map((body) => /"type":"([a-z_.]+\.[a-z_]+)"/.exec(body)?.[1])).toHaveLength(3)
      for (const wrong of [{ since: -1 }, { since: "yesterday" }, { type: "*" }, { until: 1 }]) {
        expect([wrong, (yield* replay(running, wrong)).status]).toEqual([wrong, 400])
      }
    }))

  it.scopedLive("32 what was lost on its way the first time is had by asking for it", () =>
    Effect.gen(function*() {
      const receiver = yield* make
      const running = yield* start({ webhookUrl: receiver.url })
      yield* Effect.promise(() => running.control("POST", "chaos", { webhooks: { lost: 1 } }))
      yield* Effect.promise(() => running.stripe.paymentIntents.create(open))
      expect((yield* idle(running)).json).toMatchObject({ kept: 1, lost: 1, delivered: 0 })
      yield* Effect.promise(() => running.control("DELETE", "chaos"))
      expect((yield* replay(running)).json).toEqual({ replayed: 1 })
      expect((yield* receiver.next).body).toContain("payment_intent.created")
    }))

  it.scopedLive("32 one that is still to be delivered is not sent twice for it", () =>
    Effect.gen(function*() {
      const { receiver, ...running } = yield* told
      yield* Effect.promise(() => running.control("POST", "webhooks", { mode: "hold" }))
      expect((yield* replay(running)).json).toEqual({ replayed: 3 })
      expect((yield* replay(running)).json).toEqual({ replayed: 0 })
      yield* Effect.promise(() => running.control("POST", "webhooks", { mode: "deliver" }))
      yield* idle(running)
      expect(yield* bodiesOf(receiver)).toHaveLength(3)
    }))

  it.scopedLive("32 events are on record across a restart, and those asked for again are sent after it", () =>
    Effect.gen(function*() {
      const dataFolder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "stripe-simulator-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const receiver = yield* make
      const options = { dataFolder, webhookUrl: receiver.url }
      const first = yield* Effect.scoped(Effect.gen(function*() {
        const running = yield* start(options)
        yield* Effect.promise(() => running.stripe.paymentIntents.create(payment()))
        yield* idle(running)
        yield* Effect.promise(() => running.control("POST", "webhooks", { mode: "hold" }))
        expect((yield* replay(running, { type: "charge.*" })).json).toEqual({ replayed: 1 })
        return yield* bodiesOf(receiver)
      }))
      yield* Effect.scoped(Effect.flatMap(start(options), idle))
      // The journal was rewritten by then.
      const running = yield* start(options)
      expect((yield* idle(running)).json).toMatchObject({ kept: 3 })
      expect(yield* bodiesOf(receiver)).toEqual(first.filter((body) => body.includes(`"type":"charge.succeeded"`)))
      expect((yield* replay(running)).json).toEqual({ replayed: 3 })
      yield* idle(running)
      expect(yield* bodiesOf(receiver)).toEqual(first)
    }))
})
