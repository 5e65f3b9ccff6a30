import { assert, describe, it } from "@effect/vitest"
import { judge, sentenceOf } from "@quartet/hosting/Launch"
import * as Telemetry from "@quartet/hosting/Telemetry"
import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import { Config, ConfigProvider, Effect, Either } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Settings from "quartet/Settings"
import { packages, root, services } from "../architecture/sources.ts"
import type { Bad, Reader, Row } from "./Bad.ts"
import { bad, blanks, rows, secret } from "./Bad.ts"

const read = (path: string) => readFileSync(join(root, path), "utf8")

/** Enough for every reader to start. */
const enough = {
  ...TokenKeys.checking,
  DATABASE_URL: "postgres://quartet:password@127.0.0.1/quartet",
  AMQP_URL: "amqp://127.0.0.1"
}

const configOf = (reader: Exclude<Reader, "compose">): Config.Config<unknown> => {
  const settings = reader === "all"
    ? Settings.ofAll
    : reader === "clients"
    ? Settings.ofClients
    : Settings.ofPart(reader)
  return Config.all([Telemetry.settings, settings])
}

const readers: ReadonlyArray<Exclude<Reader, "compose">> = [
  "all",
  "order",
  "payment",
  "inventory",
  "warehouse",
  "simulator",
  "clients"
]

const providerOf = (settings: Readonly<Record<string, string>>) =>
  ConfigProvider.fromMap(new Map(Object.entries(settings)))

const judged = (reader: Exclude<Reader, "compose">, settings: Readonly<Record<string, string>>) =>
  Effect.either(judge(configOf(reader))).pipe(
    Effect.map(Either.mapLeft(sentenceOf)),
    Effect.withConfigProvider(providerOf({ ...enough, ...settings }))
  )

/** The names of the settings that a configuration asks for. */
const namesIn = (config: Config.Config<unknown>) =>
  Effect.gen(function*() {
    const seen = new Set<string>()
    const { flattened } = providerOf(enough)
    const recording = ConfigProvider.fromFlat(ConfigProvider.makeFlat({
      load: (path, primitive, split) => {
        seen.add(path.join("_"))
        return flattened.load(path, primitive, split)
      },
      enumerateChildren: flattened.enumerateChildren,
      patch: flattened.patch
    }))
    yield* Effect.either(Effect.withConfigProvider(judge(config), recording))
    return seen
  })

/** Names in `.env.example`; "likewise PAYMENT_, INVENTORY_, WAREHOUSE_" stands for three more. */
const documented = new Set(
  read(".env.example").split("\n").flatMap((line) => {
    const name = /^# ([A-Z][A-Z0-9_]+)=/.exec(line)?.[1]
    if (name === undefined) return []
    const isOfEach = /likewise PAYMENT_|ORDER_AMQP_URL and so on/.test(line)
    const each = name === "AMQP_URL" ? "ORDER_AMQP_URL" : name
    return isOfEach ? [name, ...services.map((service) => each.replace("ORDER", service.toUpperCase()))] : [name]
  })
)

const runtimeRows = Object.entries(rows).flatMap(([name, { reader, takes }]): ReadonlyArray<
  { readonly name: string; readonly reader: Exclude<Reader, "compose">; readonly takes: ReadonlyArray<Bad> }
> => reader === "compose" ? [] : [{ name, reader, takes: takes ?? [] }])

const isBad = (name: string): name is Bad => name in bad

describe("each setting", () => {
  it.effect.each(runtimeRows)(
    "$name: a bad value fails the start with the name and without the value, unless it is one that is taken (H173)",
    ({ name, reader, takes }) =>
      Effect.forEach(Object.keys(bad).filter(isBad), (what) =>
        Effect.gen(function*() {
          const result = yield* judged(reader, { [name]: bad[what] })
          const said = Either.isLeft(result) ? result.left : ""
          assert.strictEqual(Either.isRight(result), takes.includes(what), `${what}: ${said}`)
          if (Either.isRight(result)) return
          assert.include(said, `The setting ${name} is`, what)
          assert.notInclude(said, secret, what)
          assert.notInclude(said, `The setting  `, what)
          assert.notMatch(said, /Missing data|Invalid data|Error/, what)
        }), { discard: true })
  )

  it.effect.each(runtimeRows.filter(({ name }) => !(name in enough)))(
    "$name: counts as absent when it is empty or blank",
    ({ name, reader }) =>
      Effect.forEach(
        blanks,
        (blank) =>
          Effect.map(judged(reader, { [name]: blank }), (result) => assert.isTrue(Either.isRight(result), blank))
      )
  )
})

describe("settings together", () => {
  it.effect("are all judged at once, and each wrong one is named once (H173)", () =>
    Effect.gen(function*() {
      const wrong = { ORDER_MAX_LINES: "0", CORS_ORIGINS: "*", HTTP_MAX_IN_FLIGHT: "none", LOG_LEVEL: "loud" }
      const result = yield* judged("order", wrong)
      const said = Either.isLeft(result) ? result.left : ""
      for (const name of Object.keys(wrong)) assert.lengthOf(said.split(`The setting ${name} is not valid.`), 2, said)
    }))

  it.effect("have one place that is complete: what is read is documented, and what is documented is read", () =>
    Effect.gen(function*() {
      const readByUs = new Set<string>()
      for (const reader of readers) for (const name of yield* namesIn(configOf(reader))) readByUs.add(name)
      const byCompose = Object.entries(rows).flatMap(([name, row]: [string, Row]) =>
        row.reader === "compose" ? [name] : []
      )
      const sorted = (names: Iterable<string>) => [...new Set(names)].toSorted()
      assert.deepStrictEqual(sorted([...readByUs, ...byCompose]), sorted(documented))
      assert.deepStrictEqual(sorted(Object.keys(rows)), sorted(documented))
      const file = read("docker-compose.yml") + read("Dockerfile")
      assert.deepStrictEqual(byCompose.filter((name) => !file.includes(name)), [])
    }))

  it("are read nowhere but by what is judged first", () => {
    const sources = [
      ...packages.map((name) => `packages/${name}/src`),
      ...services.map((name) => `services/${name}/src`)
    ]
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
          .filter((file) => file.endsWith(".ts") && !file.includes("testing/"))
          .map((file) => `${folder}/${file}`)
      )
    const found = sources.flatMap((file) =>
      [...read(file).matchAll(/\b(Config|Settings?)\.(\w+)(?:\([^()"]*\))?\(\s*"([A-Z][A-Z0-9_]*)"/g)].map(
        ([, module = "", , name = ""]) => ({ file, module, name })
      )
    )
    assert.isAbove(found.length, 50)
    assert.deepStrictEqual(found.filter(({ module }) => module === "Config"), [], "read them by Setting or Settings")
    assert.deepStrictEqual(found.filter(({ name }) => !documented.has(name)), [])
  })
})
