import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"

/** The numbers at which the names of checks begin. */
const checked = new Set(
  readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(".test.ts"))
    .flatMap((
      file
    ) => [...readFileSync(`${import.meta.dirname}/${file}`, "utf8").matchAll(/\bit(?:\.\w+)?\(\s*"(\d+) /g)])
    .map(([, number]) => Number(number))
)

/** The numbers of what FACTS.md says. */
const facts = [...readFileSync(`${import.meta.dirname}/../FACTS.md`, "utf8").matchAll(/^(\d+)\. /gm)].map(
  ([, number]) => Number(number)
)

describe("The suite", () => {
  it("has a check for each of the 37 facts, named by its number (H206)", () => {
    expect(facts).toEqual(Array.from({ length: 37 }, (_, index) => index + 1))
    expect(facts.filter((fact) => !checked.has(fact))).toEqual([])
    expect([...checked].filter((number) => !facts.includes(number))).toEqual([])
  })
})
