import { assert, describe, it } from "@effect/vitest"
import { pages as order } from "@quartet/contracts/OrderProblems"
import type { ProblemPage } from "@quartet/hosting/ProblemPage"
import { edgePages } from "@quartet/hosting/ProblemPage"
import { problems as inventory } from "@quartet/inventory/Api"
import { problems as payment } from "@quartet/payment/Api"
import { problems as warehouse } from "@quartet/warehouse/Api"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { filesOf, root } from "./sources.ts"

/** What a folder of sources refuses with. */
const namesIn = (folder: string): ReadonlyArray<string> => {
  const text = filesOf(folder).map((file) => readFileSync(join(root, folder, file), "utf8")).join("\n")
  const made = text.matchAll(/(?:define|Refused)\(\{[^}]*?\bname: "([a-z-]+)"/g)
  const named = text.matchAll(/typeOf\("([a-z-]+)"\)/g)
  return [...new Set([...made, ...named].map(([, name = ""]) => name))].toSorted()
}

const sorted = (names: ReadonlyArray<string>) => [...new Set(names)].toSorted()
const edge = edgePages.map(({ name }) => name)

const owners: ReadonlyArray<readonly [string, ReadonlyArray<ProblemPage>]> = [
  ["packages/hosting/src", []],
  ["packages/contracts/src", order],
  ["services/payment/src", payment],
  ["services/inventory/src", inventory],
  ["services/warehouse/src", warehouse]
]

describe("problems", () => {
  it.each(owners)("of %s have a page each, and no page is without its problem", (folder, pages) => {
    const own = pages.map(({ name }) => name)
    const names = namesIn(folder)
    assert.isNotEmpty(names)
    assert.deepStrictEqual(names.filter((name) => !own.includes(name) && !edge.includes(name)), [])
    assert.deepStrictEqual(own.filter((name) => !names.includes(name)), [])
  })

  it("of the edge are all made somewhere", () => {
    const made = owners.flatMap(([folder]) => namesIn(folder))
    assert.deepStrictEqual(sorted(edge).filter((name) => !made.includes(name)), [])
  })

  it("of one name are told in the same words by whoever makes them", () => {
    const all = [...edgePages, ...owners.flatMap(([, pages]) => pages)]
    for (const page of all) assert.deepStrictEqual(all.find(({ name }) => name === page.name), page)
  })

  it("are read at docs/problems.md, a section each", () => {
    const headings = readFileSync(join(root, "docs/problems.md"), "utf8").match(/^## .+$/gm) ?? []
    const names = owners.flatMap(([folder]) => namesIn(folder))
    assert.deepStrictEqual(headings.map((heading) => heading.slice(3)), sorted(names))
  })
})
