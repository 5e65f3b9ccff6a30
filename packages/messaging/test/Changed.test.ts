import { assert, describe, it } from "@effect/vitest"
import { HashMap } from "effect"
import { changed } from "../src/Changed.ts"

const empty = HashMap.empty<string, number>()

describe("what a batch has to save", () => {
  it("names each touched thing once, with its last state, in the order it was first touched", () => {
    const after = HashMap.make(["b", 3], ["a", 2], ["untouched", 9])
    const touched = ["b", "a", "b", "b"].map((key) => ({ key, before: HashMap.make(["a", 0], ["b", 0]) }))
    assert.deepStrictEqual(
      new Map(changed(touched, after).map((row) => [row.key, row])),
      new Map([
        ["b", { key: "b", state: 3, isNew: false }],
        ["a", { key: "a", state: 2, isNew: false }]
      ])
    )
    assert.deepStrictEqual(changed(touched, after).map(({ key }) => key), ["b", "a"])
  })

  it("is new when it was absent before the first touch, however often the batch touched it", () => {
    const after = HashMap.make(["a", 2])
    const touched = [{ key: "a", before: empty }, { key: "a", before: HashMap.make(["a", 1]) }]
    assert.deepStrictEqual(changed(touched, after), [{ key: "a", state: 2, isNew: true }])
  })

  it("leaves out a thing that is absent afterwards", () => {
    assert.deepStrictEqual(changed([{ key: "a", before: empty }], empty), [])
  })
})
