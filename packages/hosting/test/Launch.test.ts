import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { prepare } from "./Child.ts"

const start = await prepare("launch")

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a process; once it says that it is ready, it gets the signal. */
const launch = (
  main: string,
  options: { readonly env?: Record<string, string>; readonly signal?: NodeJS.Signals } = {}
) =>
  Effect.async<Ended>((resume) => {
    const child = start([main], { env: { PATH: "/usr/bin:/bin", ...options.env } })
    let out = ""
    let err = ""
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString()
      if (out.includes("ready")) child.kill(options.signal)
    })
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString()
    })
    child.once("close", (code) => resume(Effect.succeed({ code, out, err })))
  })

const Line = Schema.parseJson(Schema.Struct({ message: Schema.Unknown, logLevel: Schema.String }))

const only = ({ err }: Ended) => Schema.decode(Line)(err.trim())

describe("a launched process", { timeout: 20_000 }, () => {
  it.live("names a wrong setting but never its value, and exits with 1 (H173)", () =>
    Effect.gen(function*() {
      const ended = yield* launch("wrongSetting", { env: { SHOP_LIMIT: "seeded-secret" } })
      assert.strictEqual(ended.code, 1)
      assert.deepStrictEqual(yield* only(ended), {
        message: "The setting SHOP_LIMIT is not valid. Expected an integer value.",
        logLevel: "FATAL"
      })
      assert.notInclude(ended.err + ended.out, "seeded-secret")
    }))

  it.live("names a missing setting (H173)", () =>
    Effect.gen(function*() {
      const ended = yield* launch("missingSetting")
      assert.strictEqual(ended.code, 1)
      assert.include((yield* only(ended)).message, "The setting SHOP_SECRET is missing.")
    }))

  it.live("names a wrong setting of the logs themselves", () =>
    Effect.gen(function*() {
      const ended = yield* launch("drains", { env: { LOG_LEVEL: "seeded-secret" } })
      assert.strictEqual(ended.code, 1)
      assert.include(ended.out + ended.err, "The setting LOG_LEVEL is not valid.")
      assert.notInclude(ended.out + ended.err, "seeded-secret")
    }))

  it.live("exits with 1 after a bug", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* launch("bug")).code, 1)
    }))

  it.live("drains when told to stop, and exits with 0 (H164)", () =>
    Effect.gen(function*() {
      for (const signal of ["SIGTERM", "SIGINT"] satisfies ReadonlyArray<NodeJS.Signals>) {
        const ended = yield* launch("drains", { signal })
        assert.strictEqual(ended.code, 0)
        assert.include(ended.err, "drained")
      }
    }))

  it.live("ends though it cannot drain (H164)", () =>
    Effect.gen(function*() {
      const ended = yield* launch("hangs", { signal: "SIGTERM" })
      assert.strictEqual(ended.code, 1)
      assert.include(ended.err, "Stopping took too long")
    }))

  it.live("hides secrets in its logs, in either format (H196)", () =>
    Effect.gen(function*() {
      for (const LOG_FORMAT of ["json", "pretty"]) {
        const ended = yield* launch("secret", { env: { LOG_FORMAT } })
        assert.include(ended.err, "Paying.")
        assert.notInclude(ended.err, "seeded")
      }
    }))
})
