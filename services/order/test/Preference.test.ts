import { assert, describe, it } from "@effect/vitest"
import { Duration, Option } from "effect"
import * as Preference from "../src/Preference.ts"

const seconds = (prefer: string | undefined) =>
  Option.getOrUndefined(Option.map(Preference.wait(prefer), Duration.toSeconds))

describe("Prefer: wait", () => {
  it("is read in each form that RFC 7240 allows", () => {
    for (
      const prefer of [
        "wait=10",
        "Wait = 10",
        "wait=\"10\"",
        "respond-async, wait=10",
        "return=minimal; foo=\"a, b\", wait=10;x",
        "wait=10, wait=20",
        ",wait=10"
      ]
    ) {
      assert.strictEqual(seconds(prefer), 10, prefer)
    }
  })

  it("is capped, and ignored where it is not whole seconds", () => {
    assert.strictEqual(seconds("wait=31"), 30)
    assert.strictEqual(seconds(`wait=${"9".repeat(400)}`), 30)
    assert.strictEqual(seconds("wait=0"), 0)
    for (
      const prefer of [
        undefined,
        "",
        "wait",
        "wait=",
        "wait=-1",
        "wait=1.5",
        "wait=ten",
        "wait=1e1",
        "await=10",
        "foo=\"wait=10\"",
        "wait=x, wait=10"
      ]
    ) {
      assert.isUndefined(seconds(prefer), prefer)
    }
  })
})
