import { Parser } from "@asyncapi/parser"
import { assert, describe, expect, it } from "@effect/vitest"
import { catalog, subscriptions } from "@quartet/contracts/Catalog"
import { createConfig, lintFromString } from "@redocly/openapi-core"
import { Schema } from "effect"
import { parse } from "yaml"
import { asyncapi, descriptions, openapi, problems } from "./Documents.ts"

const stale = "Run `npm run docs` and commit what changed."

/** What the official parser has to say: errors are 0, warnings 1, information 2 and hints 3. */
const faultsOf = async (text: string) => {
  const { diagnostics } = await new Parser().parse(text)
  return diagnostics.filter(({ severity }) => severity <= 1).map(({ message, path }) => `${path.join(".")}: ${message}`)
}

const Operation = Schema.Struct({
  action: Schema.String,
  messages: Schema.Array(Schema.Struct({ $ref: Schema.String }))
})
const Described = Schema.Struct({
  channels: Schema.Record({ key: Schema.String, value: Schema.Struct({ address: Schema.String }) }),
  operations: Schema.Record({ key: Schema.String, value: Operation }),
  components: Schema.Struct({
    messages: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({ summary: Schema.NonEmptyString, examples: Schema.NonEmptyArray(Schema.Unknown) })
    })
  })
})

describe("docs/asyncapi.yaml", () => {
  it("is what the catalogue and its schemas say today", async () => {
    await expect(asyncapi(), stale).toMatchFileSnapshot("../../docs/asyncapi.yaml")
  })

  it("is valid by its official parser", async () => {
    assert.deepStrictEqual(await faultsOf(asyncapi()), [])
  }, 30_000)

  it("would not be with an operation on a channel that there is not", async () => {
    const broken = asyncapi().replace("$ref: \"#/channels/quartet.inventory\"", "$ref: \"#/channels/nowhere\"")
    assert.isNotEmpty(await faultsOf(broken))
  }, 30_000)

  it("has every message with its meaning and its frozen samples, said once and heard by all who listen", () => {
    const { channels, components, operations } = Schema.decodeUnknownSync(Described)(parse(asyncapi()))
    const types = catalog.map(({ definition }) => definition.type)
    assert.deepStrictEqual(Object.keys(components.messages), types)
    assert.includeMembers(Object.keys(channels), types)
    const spoken = Object.values(operations).filter(({ action }) => action === "send").flatMap(({ messages }) =>
      messages
    )
    assert.strictEqual(spoken.length, types.length)
    const heard = Object.values(operations).filter(({ action }) => action === "receive")
    assert.deepStrictEqual(
      heard.map(({ messages }) => messages.map(({ $ref }) => $ref.slice($ref.lastIndexOf("/") + 1))),
      subscriptions.map((subscription) => [...subscription.types])
    )
  })

  it("is the same text every time", () => assert.strictEqual(asyncapi(), asyncapi()))
})

const Refs = /"\$ref": "#\/components\/schemas\/([^"]+)"/g

describe("docs/problems.md", () => {
  it("is what the servers serve of each problem today", async () => {
    await expect(problems(), stale).toMatchFileSnapshot("../../docs/problems.md")
  })
})

/** What the official linter of OpenAPI documents has to say, by its recommended rules: errors and warnings. */
const lint = async (description: unknown) => {
  const config = await createConfig({ extends: ["recommended"] })
  const found = await lintFromString({ source: JSON.stringify(description), absoluteRef: "openapi.json", config })
  return found.map(({ location, message, ruleId }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ""}`)
}

describe("the description of an API", () => {
  it.each(Object.entries(descriptions))("of %s passes the linter's recommended rules", async (_, description) => {
    assert.deepStrictEqual(await lint(description), [])
  })

  it("would not without a server and a summary", async () => {
    const { paths, servers: _, ...others } = descriptions.payment
    const { summary: _none, ...operation } = paths["/webhooks/stripe"]?.post ?? {}
    const found = await lint({ ...others, paths: { "/webhooks/stripe": { post: operation } } })
    assert.deepStrictEqual(found.map((fault) => fault.split(":")[0]), ["no-empty-servers", "operation-summary"])
  })
})

describe("docs/openapi.json", () => {
  it("is what the order service serves today", async () => {
    await expect(openapi(), stale).toMatchFileSnapshot("../../docs/openapi.json")
  })

  const Response = Schema.Struct({
    description: Schema.NonEmptyString,
    content: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
  })
  const Served = Schema.parseJson(Schema.Struct({
    openapi: Schema.Literal("3.1.0"),
    paths: Schema.Record({
      key: Schema.String,
      value: Schema.Record({
        key: Schema.String,
        value: Schema.Struct({
          operationId: Schema.NonEmptyString,
          description: Schema.NonEmptyString,
          responses: Schema.Record({ key: Schema.String, value: Response })
        })
      })
    }),
    components: Schema.Struct({ schemas: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
  }))
  const { components, paths } = Schema.decodeSync(Served)(openapi())
  const operations = Object.values(paths).flatMap((path) => Object.values(path))

  it("describes every operation and each of its answers, by a name of its own", () => {
    assert.isAbove(operations.length, 7)
    assert.strictEqual(new Set(operations.map(({ operationId }) => operationId)).size, operations.length)
  })

  it("has every refusal be a problem document (RFC 9457)", () => {
    for (const { operationId, responses } of operations) {
      for (const [status, { content }] of Object.entries(responses)) {
        if (Number(status) < 400) continue
        assert.deepStrictEqual(Object.keys(content ?? {}), ["application/problem+json"], `${operationId} ${status}`)
      }
    }
  })

  it("refers to nothing that it does not define", () => {
    const referred = [...openapi().matchAll(Refs)].map(([, name = ""]) => name)
    assert.isNotEmpty(referred)
    assert.deepStrictEqual(referred.filter((name) => !(name in components.schemas)), [])
  })
})
