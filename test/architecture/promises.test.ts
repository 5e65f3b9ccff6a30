import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { filesOf, root } from "./sources.ts"

const read = (path: string) => readFileSync(join(root, path), "utf8")

const promises = [...read("docs/INVARIANTS.md").matchAll(/^\| (\w+)\s*\| (.+?)\s*\| `(.+?)` › ?(.*?)\s*\|$/gm)].map(
  ([, id = "", , file = "", name = ""]) => ({ id, file, name })
)

/** Every test's text, and the hazards it says it shows. */
const tests = ["packages", "services", "test"].flatMap((folder) =>
  filesOf(folder).filter((file) => file.endsWith(".test.ts")).map((file) => join(folder, file))
)
const cited = new Set(tests.flatMap((file) => read(file).match(/\bH\d{2,3}\b/g) ?? []))
const catalogued = new Set([...read("docs/HAZARDS.md").matchAll(/^\| (H\d{2,3})\s*\|/gm)].map(([, id = ""]) => id))

describe("what is promised", () => {
  it("is a list that can be read", () => assert.isAbove(promises.length, 30))

  it.each(promises)("$id is guarded by a test that exists", ({ file, name }) => {
    assert.isTrue(existsSync(join(root, file)), file)
    assert.isAbove(name.length, 15, "the row names no test")
    assert.include(read(file), name)
  })

  it("has every law of the checker in it", () => {
    const laws = readdirSync(join(root, "packages/quartet/src/laws")).flatMap((file) =>
      [...read(`packages/quartet/src/laws/${file}`).matchAll(/id: "(G\d+)"/g)].map(([, id = ""]) => id)
    )
    assert.isAbove(laws.length, 10)
    assert.deepStrictEqual(laws.filter((law) => !promises.some(({ id }) => id === law)), [])
  })
})

describe("what can go wrong", () => {
  it("is shown by a test, hazard by hazard", () => {
    assert.deepStrictEqual([...catalogued].filter((id) => !cited.has(id)), [])
  })

  it("is described, whatever a test cites", () => {
    assert.deepStrictEqual([...cited].filter((id) => !catalogued.has(id)), [])
  })
})
