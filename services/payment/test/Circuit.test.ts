import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Option } from "effect"
import type { Circuit, Told } from "../src/Circuit.ts"
import { closed, enter, leave, note, shutUntil } from "../src/Circuit.ts"
import { later, now } from "./Builders.ts"

const options = {
  after: 3,
  firstPause: Duration.seconds(5),
  longestPause: Duration.seconds(60),
  faultPause: Duration.minutes(5)
}

const told = (circuit: Circuit, ...words: ReadonlyArray<Told>) =>
  words.reduce((state, word) => note(options, state, word, now), circuit)

const open = told(closed, "outage", "outage", "outage")

describe("the circuit to the provider", () => {
  it("opens after so many outages one after the other, and not before", () => {
    assert.isTrue(Option.isNone(shutUntil(told(closed, "outage", "outage"), now)))
    assert.deepStrictEqual(shutUntil(open, now), Option.some(later(5)))
  })

  it("counts from the start whenever the provider answers, though it be with a refusal", () => {
    for (const word of ["answered", "faulted"] as const) {
      assert.strictEqual(told(closed, "outage", "outage", word, "outage", "outage")._tag, "Closed")
    }
  })

  it("opens at once when the provider refuses whatever we ask, for as long as a person may need (H55)", () => {
    assert.deepStrictEqual(shutUntil(told(closed, "refused"), now), Option.some(later(300)))
  })

  it("lets one question through when its time is over, and no other until that one is over (H69)", () => {
    const probing = enter(open, later(5))
    assert.strictEqual(probing._tag, "HalfOpen")
    assert.deepStrictEqual(shutUntil(probing, later(5)), Option.some(later(5)))
    assert.strictEqual(enter(probing, later(6)), probing)
    assert.isTrue(Option.isNone(shutUntil(leave(probing), later(6))))
  })

  it("closes by one answer, and stays open longer by each probe that finds nobody, up to a limit", () => {
    assert.deepStrictEqual(note(options, enter(open, later(5)), "answered", later(6)), closed)
    let circuit = open
    const pauses = Array.from({ length: 6 }, () => {
      const at = Option.getOrElse(shutUntil(circuit, now), () => now)
      circuit = note(options, enter(circuit, at), "outage", at)
      return DateTime.distance(at, Option.getOrThrow(shutUntil(circuit, at))) / 1000
    })
    assert.deepStrictEqual(pauses, [10, 20, 40, 60, 60, 60])
  })

  it("is not kept open longer by calls that began before it opened", () => {
    assert.deepStrictEqual(told(open, "outage", "outage"), open)
  })
})
