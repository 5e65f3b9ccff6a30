import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "../architecture/sources.ts"

type Settings = Readonly<Record<string, string>>

const readers = [
  "postgres",
  "rabbitmq",
  "topology",
  "simulator",
  "order",
  "payment",
  "inventory",
  "warehouse",
  "quartet"
]

/** Runs the script on a folder with a folder for each reader, as Compose mounts them. */
const secretsIn = (folder: string, settings: Settings) =>
  new Promise<{ readonly code: unknown; readonly stderr: string }>((resolve) =>
    execFile(
      process.execPath,
      [join(root, "docker", "secrets.mjs"), folder],
      { env: { ...settings } },
      (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr })
    )
  )

const filesIn = async (folder: string) => {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.includes("/")).toSorted()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const))
  )
}

const inFolder = async (use: (folder: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), "quartet-secrets-"))
  try {
    for (const reader of readers) await mkdir(join(folder, reader))
    await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe("the generated secrets", () => {
  it("are other ones for each installation, and readable by their owner alone", () =>
    inFolder((one) =>
      inFolder(async (other) => {
        assert.deepStrictEqual(await secretsIn(one, {}), { code: 0, stderr: "" })
        await secretsIn(other, {})
        const [ours, theirs] = [await filesIn(one), await filesIn(other)]
        assert.lengthOf([...ours], 23)
        for (const [name, text] of ours) {
          assert.match(text, /[0-9a-f]{64}/, name)
          assert.notStrictEqual(text, theirs.get(name), name)
          assert.strictEqual((await stat(join(one, name))).mode & 0o777, 0o400, name)
        }
      })
    ))

  it("stay what they are", () =>
    inFolder(async (folder) => {
      await secretsIn(folder, {})
      const before = await filesIn(folder)
      await secretsIn(folder, { POSTGRES_PASSWORD: "", ORDER_AMQP_PASSWORD: "  " })
      assert.deepStrictEqual(await filesIn(folder), before)
    }))

  it("give way to a setting, which stays when it is no longer set", () =>
    inFolder(async (folder) => {
      await secretsIn(folder, {})
      const before = await filesIn(folder)
      await secretsIn(folder, { ORDER_AMQP_PASSWORD: "chosen", STRIPE_WEBHOOK_SECRET: "whsec_chosen" })
      await secretsIn(folder, {})
      const after = await filesIn(folder)
      const changed = [...after].filter(([name, text]) => before.get(name) !== text)
      assert.deepStrictEqual(Object.fromEntries(changed), {
        "order/amqp-url": "amqp://order:chosen@rabbitmq:5672",
        "payment/stripe-webhook-secret": "whsec_chosen",
        "rabbitmq/order": "chosen",
        "simulator/stripe-webhook-secret": "whsec_chosen"
      })
    }))

  it.each(["a b", "a/b:c@d", "50%", "%41", "ü€😀", "#?&=+;'\"\\|*`(x)", "x".repeat(512)])(
    "have %j in a URL as it was given",
    (password) =>
      inFolder(async (folder) => {
        await secretsIn(folder, { ORDER_DATABASE_PASSWORD: password })
        const files = await filesIn(folder)
        assert.strictEqual(files.get("postgres/order"), password)
        const url = new URL(files.get("order/database-url") ?? "")
        assert.strictEqual(decodeURIComponent(url.password), password)
        assert.strictEqual(url.host, "postgres:5432")
      })
  )

  it.each([
    { settings: { ORDER_AMQP_PASSWORD: "a\nb" }, names: ["ORDER_AMQP_PASSWORD"] },
    { settings: { POSTGRES_PASSWORD: "a\u0085" }, names: ["POSTGRES_PASSWORD"] },
    { settings: { ADMIN_AMQP_PASSWORD: "s".repeat(513) }, names: ["ADMIN_AMQP_PASSWORD"] },
    {
      settings: { ADMIN_AMQP_PASSWORD: "a\tb", ORDER_DATABASE_PASSWORD: "a\u007fb" },
      names: ["ADMIN_AMQP_PASSWORD", "ORDER_DATABASE_PASSWORD"]
    },
    { settings: { NODE_ENV: "production" }, names: ["STRIPE_WEBHOOK_SECRET"] },
    { settings: { NODE_ENV: "production", STRIPE_WEBHOOK_SECRET: "\t" }, names: ["STRIPE_WEBHOOK_SECRET"] }
  ])(
    "change nothing where a setting is not usable, and name all that are not: $names",
    ({ names, settings }) =>
      inFolder(async (folder) => {
        const { code, stderr } = await secretsIn(folder, settings)
        assert.strictEqual(code, 1)
        const lines = stderr.trim().split("\n")
        assert.deepStrictEqual(lines.map((line) => line.slice(0, line.indexOf(":"))).toSorted(), names)
        for (const value of Object.values(settings)) assert.notInclude(stderr, value)
        assert.deepStrictEqual(await filesIn(folder), new Map())
      })
  )

  it("end with a sentence where a folder cannot be written", () =>
    inFolder(async (folder) => {
      const { code, stderr } = await secretsIn(join(folder, "missing"), {})
      assert.strictEqual(code, 1)
      assert.match(stderr, /^\S+missing\/postgres\/postgres cannot be written: ENOENT\n$/)
    }))
})
