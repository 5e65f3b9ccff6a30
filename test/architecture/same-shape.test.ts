import { assert, describe, it } from "@effect/vitest"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { filesOf, root, services } from "./sources.ts"

/** What every service has, file by file. */
const shape = [
  "Actor.ts",
  "Api.ts",
  "Http.ts",
  "Inbound.ts",
  "Migrations.ts",
  "Outbound.ts",
  "Repository.ts",
  "Views.ts",
  "domain/Command.ts",
  "domain/Decider.ts",
  "domain/Event.ts",
  "domain/Rejection.ts",
  "domain/State.ts",
  "main.ts"
]

const testShape = [
  "Actor.pg.test.ts",
  "Decider.laws.test.ts",
  "Decider.test.ts",
  "Http.pg.test.ts",
  "Inbound.test.ts",
  "Repository.pg.test.ts"
]

/** What customers may ask is said to others too, and has its place among the contracts. */
const atTheContracts: Readonly<Record<string, ReadonlyArray<string>>> = { order: ["Api.ts"] }

describe("the four services have one shape", () => {
  it.each(services)("%s has every file of it", (service) => {
    const files = [...filesOf(`services/${service}/src`), ...atTheContracts[service] ?? []]
    assert.deepStrictEqual(shape.filter((file) => !files.includes(file)), [])
  })

  it.each(services)("%s is tested the same way", (service) => {
    const files = filesOf(`services/${service}/test`).map((file) => file.replace("Inbound.pg.test", "Inbound.test"))
    assert.deepStrictEqual(testShape.filter((file) => !files.includes(file)), [])
  })

  it.each(services)("%s describes itself", (service) => {
    assert.isTrue(existsSync(join(root, "services", service, "README.md")))
  })
})
