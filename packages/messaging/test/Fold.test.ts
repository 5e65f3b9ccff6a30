import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, HashMap } from "effect"
import { foldBatch } from "../src/Fold.ts"
import { byKey, byMessage, command, deciding, Forbidden } from "./support/Counter.ts"

const at = DateTime.unsafeMake(0)
const empty = HashMap.empty<string, number>()

describe("deciding a batch", () => {
  it("shows each command the state that those before it left", () => {
    const { after, outcomes, steps } = foldBatch(
      deciding,
      empty,
      [byMessage(command("Add", "a", 2)), byMessage(command("AddMore", "a", 3)), byMessage(command("Add", "b", 1))],
      at
    )
    assert.deepStrictEqual([...after], [["a", 5], ["b", 1]])
    assert.deepStrictEqual(outcomes.map((outcome) => outcome._tag === "Done" ? outcome.reply : outcome), [2, 5, 1])
    assert.deepStrictEqual(
      steps.map((
        { after, before }
      ) => [deciding.reply(before, command("Add", "a")), deciding.reply(after, command("Add", "a"))]),
      [[0, 2], [2, 5], [5, 5]]
    )
  })

  it("says messages in the order of their events, each with the lineage of its own cause", () => {
    const submissions = ["a", "b", "a"].map((key) => byMessage(command("Add", key)))
    const { entries } = foldBatch(deciding, empty, submissions, at)
    assert.deepStrictEqual(entries.map(({ message }) => message.subject), ["a", "b", "a"])
    assert.deepStrictEqual(entries.map(({ lineage }) => lineage), submissions.map(({ lineage }) => lineage))
  })

  it("sets aside a command that throws, with its cause and without a trace in the state (H149)", () => {
    const { after, entries, outcomes } = foldBatch(
      deciding,
      empty,
      [byMessage(command("Add", "a")), byMessage(command("Boom", "a")), byMessage(command("Add", "a"))],
      at
    )
    assert.deepStrictEqual([...after], [["a", 2]])
    assert.strictEqual(entries.length, 2)
    const [, died] = outcomes
    assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Done", "Died", "Done"])
    assert.include(died?._tag === "Died" ? Cause.pretty(died.cause) : "", "boom on a")
  })

  it("tells a refusal with its reason, a too early one, and why an ignored one changed nothing", () => {
    const { after, ignored, outcomes, steps } = foldBatch(
      deciding,
      empty,
      [byMessage(command("Forbid", "a")), byMessage(command("AddMore", "a")), byMessage(command("Note", "a"))],
      at
    )
    assert.deepStrictEqual(outcomes, [
      { _tag: "Refused", rejection: new Forbidden({ key: "a" }) },
      { _tag: "TooEarly", reason: "a was not counted yet" },
      { _tag: "Done", reply: 0, answer: undefined }
    ])
    assert.deepStrictEqual(ignored, [undefined, undefined, "nothing to count"])
    assert.deepStrictEqual([steps.length, HashMap.size(after)], [0, 0])
  })

  it("makes the answer of a request with a key from its own reply", () => {
    const { outcomes } = foldBatch(deciding, empty, [byKey(command("Add", "a", 4), "k")], at)
    const [outcome] = outcomes
    assert.strictEqual(outcome?._tag === "Done" ? outcome.answer?.body : outcome, "value 4")
  })
})
