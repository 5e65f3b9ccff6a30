import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { transitionsOf } from "../src/Transition.ts"
import { byMessage, command, messageId } from "./support/Counter.ts"

describe("the audit trail of a batch", () => {
  it("says of each step what changed, because of what, by whom and when, in their order (G13)", () => {
    const at = DateTime.unsafeMake("2026-01-02T03:04:05.678Z")
    const ids = [messageId(), messageId()]
    const steps = ids.map((id, index) => ({
      event: { _tag: "Counted" },
      submission: byMessage(command("Add", "a"), id),
      before: index,
      after: index + 1,
      at
    }))
    const trail = transitionsOf(steps, ({ after, before }) => ({
      key: "a",
      version: after,
      from: `was ${before}`,
      to: `is ${after}`
    }))
    assert.deepStrictEqual(trail[1], {
      key: "a",
      version: 2,
      fromStatus: "was 1",
      toStatus: "is 2",
      event: "Counted",
      cause: ids[1] ?? "",
      correlation: ids[1] ?? "",
      actor: "test",
      at
    })
  })
})
