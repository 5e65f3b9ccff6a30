import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { packages, root, services } from "./sources.ts"

const Versions = Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
  default: () => ({})
})
const Manifest = Schema.parseJson(
  Schema.Struct({ dependencies: Versions, devDependencies: Versions, optionalDependencies: Versions })
)
const Lock = Schema.parseJson(Schema.Struct({
  packages: Schema.Record({
    key: Schema.String,
    value: Schema.Struct({
      link: Schema.optional(Schema.Boolean),
      resolved: Schema.optional(Schema.String),
      integrity: Schema.optional(Schema.String),
      version: Schema.optional(Schema.String)
    })
  })
}))

const read = (path: string) => readFileSync(join(root, path), "utf8")
const manifests = [
  "package.json",
  ...packages.map((name) => `packages/${name}/package.json`),
  ...services.map((name) => `services/${name}/package.json`)
]
/** Where a package comes from that names no other place. */
const registry = "https://registry.npmjs.org/"

const isOurs = (name: string) => name === "quartet" || name.startsWith("@quartet/")

describe("packages of others (H205)", () => {
  it.each(manifests)("%s names each by one version, and not by a range", (file) => {
    const { dependencies, devDependencies, optionalDependencies } = Schema.decodeSync(Manifest)(read(file))
    const named = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    const loose = named.filter(([name, version]) => !isOurs(name) && !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    assert.deepStrictEqual(loose, [])
  })

  it("are locked, each with the digest of what it was when it was chosen, from one registry", () => {
    const locked = Schema.decodeSync(Lock)(read("package-lock.json"))
    const theirs = Object.entries(locked.packages).filter(([path, { link }]) =>
      path.includes("node_modules/") && link !== true
    )
    assert.isAbove(theirs.length, 100)
    const loose = theirs.filter(([, { integrity = "", resolved = registry }]) =>
      !integrity.startsWith("sha512-") || !resolved.startsWith(registry)
    )
    assert.deepStrictEqual(loose.map(([path]) => path), [])
  })
})
