import { assert, describe, it } from "@effect/vitest"
import { join } from "node:path"
import type { Import } from "./sources.ts"
import { importsOf, packages, services } from "./sources.ts"

const foreign = (imports: ReadonlyArray<Import>, allowed: (from: string) => boolean) =>
  imports.filter(({ from }) => !from.startsWith(".") && !allowed(from)).map(({ file, from }) =>
    `${file} imports ${from}`
  )

const isOurs = (from: string) => from.startsWith("@quartet/")
const isOf = (...names: ReadonlyArray<string>) => (from: string) =>
  names.some((name) => from === `@quartet/${name}` || from.startsWith(`@quartet/${name}/`))

describe("imports run one way", () => {
  it.each(services)("%s imports no other service", (service) => {
    const others = services.filter((name) => name !== service)
    assert.deepStrictEqual(foreign(importsOf(`services/${service}/src`), (from) => !isOf(...others)(from)), [])
  })

  it.each(services)("%s runs on messaging, hosting and contracts alone", (service) => {
    const allowed = isOf("messaging", "hosting", "contracts")
    assert.deepStrictEqual(foreign(importsOf(`services/${service}/src`), (from) => !isOurs(from) || allowed(from)), [])
  })

  it.each(services)("%s decides with effect, contracts and the form of a decision, and nothing else", (service) => {
    const allowed = (from: string) =>
      from === "effect" || isOf("contracts")(from) ||
      ["@quartet/messaging/Decision", "@quartet/messaging/Keyed"].includes(from)
    assert.deepStrictEqual(foreign(importsOf(join("services", service, "src", "domain")), allowed), [])
  })

  it("contracts know messaging, hosting both; messaging and the simulator know nobody", () => {
    const allowed: Record<string, (from: string) => boolean> = {
      contracts: isOf("messaging"),
      messaging: () => false,
      hosting: isOf("contracts", "messaging"),
      "stripe-simulator": () => false,
      quartet: isOurs
    }
    for (const name of packages) {
      assert.deepStrictEqual(
        foreign(importsOf(`packages/${name}/src`), (from) => !isOurs(from) || (allowed[name]?.(from) ?? false)),
        []
      )
    }
  })

  it("nobody reaches into another package's internals, or leaves its folder by a relative path", () => {
    const all = [...packages.map((name) => `packages/${name}`), ...services.map((name) => `services/${name}`)]
    for (const folder of all) {
      const own = importsOf(`${folder}/src`)
      assert.deepStrictEqual(own.filter(({ from }) => /^@quartet\/.*\/internal\//.test(from)), [])
      assert.deepStrictEqual(
        own.filter(({ file, from }) => from.startsWith(".") && !join(file, "..", from).startsWith(folder)),
        []
      )
    }
  })
})

describe("what is reserved to one place", () => {
  const usersOf = (module: RegExp) =>
    [...packages.map((name) => `packages/${name}/src`), ...services.map((name) => `services/${name}/src`)]
      .flatMap((folder) => importsOf(folder)).filter(({ from }) => module.test(from)).map(({ file }) => file)

  it("the provider's SDK is asked by the gateway alone, and gives the simulator its types", () => {
    const users = usersOf(/^stripe$/).filter((file) => !file.startsWith("packages/stripe-simulator/"))
    assert.deepStrictEqual([...new Set(users.map((file) => file.split("/").slice(0, 2).join("/")))], [
      "services/payment"
    ])
  })

  it("no domain code, decider or message knows SQL", () => {
    const users = usersOf(/sql/).filter((file) => /\/domain\/|Outbound\.ts|Inbound\.ts|\/contracts\//.test(file))
    assert.deepStrictEqual(users, [])
  })
})
