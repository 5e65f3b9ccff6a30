import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit, Layer, TestClock } from "effect"
import { createHmac } from "node:crypto"
import * as Signature from "../src/Signature.ts"

const secret = "whsec_edge"
const signing = Signature.layer.pipe(
  Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["STRIPE_WEBHOOK_SECRET", secret]]))))
)

const body = `{"id":"evt_1"}`
const signedAt = (seconds: number) =>
  `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`

const accepts = (header: string) =>
  Effect.flatMap(Signature.Signature, ({ verify }) => verify(new TextEncoder().encode(body), header)).pipe(
    Effect.exit,
    Effect.map(Exit.isSuccess)
  )

const now = 1_772_442_900

describe("the time of a signature", () => {
  it.effect("may be 300 seconds from ours to either side, and not one more (H73)", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now * 1000)
      for (const seconds of [now - 300, now, now + 300]) assert.isTrue(yield* accepts(signedAt(seconds)), `${seconds}`)
      for (const seconds of [now - 301, now + 301, now - 86_400, now + 86_400, 0]) {
        assert.isFalse(yield* accepts(signedAt(seconds)), `${seconds}`)
      }
    }).pipe(Effect.provide(signing)))

  it.effect("is read where it counts: of several, the last", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now * 1000)
      assert.isFalse(yield* accepts(`t=${now},${signedAt(now + 301)}`))
      assert.isFalse(yield* accepts(`t=,v1=0`))
      assert.isFalse(yield* accepts(signedAt(now).replace("t=", "t=-")))
    }).pipe(Effect.provide(signing)))
})
