import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { filesOf, packages, root, services } from "./sources.ts"

const folders = [...services.map((name) => `services/${name}/src`), ...packages.map((name) => `packages/${name}/src`)]
const sources = folders.flatMap((folder) => filesOf(folder).map((file) => join(folder, file)))

/** A plan made for an empty table is kept with the statement, and then reads the whole table for every batch. */
const keysAsJoin = /\bIN\s*\(\s*SELECT value(::\w+)? FROM json_array_elements_text/

describe("statements", () => {
  it("look the keys of a batch up as an array, so that no kept plan reads whole tables", () => {
    assert.isTrue(keysAsJoin.test("WHERE a IN (\n  SELECT value::uuid FROM json_array_elements_text($1::json))"))
    assert.deepStrictEqual(sources.filter((file) => keysAsJoin.test(readFileSync(join(root, file), "utf8"))), [])
  })
})
