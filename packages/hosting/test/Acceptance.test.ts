import { assert, describe, it } from "@effect/vitest"
import { acceptsJson } from "../src/Acceptance.ts"

describe("an Accept header", () => {
  const lets = [
    undefined,
    "",
    "*/*",
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/*;q=0.1",
    "text/html, application/xhtml+xml, */*;q=0.8",
    "*/*; q=0.5, application/xml",
    "application/json;q=0.001, */*;q=0"
  ]
  it.each(lets)("lets JSON through: %s", (accept) => assert.isTrue(acceptsJson(accept)))

  const rulesOut = [
    "text/html",
    "text/*",
    "application/problem+json",
    "application/json;q=0",
    "application/json; q=0.000, */*",
    "application/*;q=0, */*;q=1",
    "*/*;q=0",
    "json"
  ]
  it.each(rulesOut)("rules it out: %s", (accept) => assert.isFalse(acceptsJson(accept)))
})
