import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { buildSync } from "esbuild"
import { spawn } from "node:child_process"
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { make } from "./support/Receiver.ts"
import { at, payment, paymentForm, start } from "./support/Running.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "stripe-simulator-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** A simulator in its own process; `kill` gives it no chance to say goodbye, and waits until it is gone. */
const spawned = (environment: Record<string, string>) =>
  Effect.gen(function*() {
    const script = fileURLToPath(new URL("../.tsbuild/serve.mjs", import.meta.url))
    const entryPoints = [fileURLToPath(new URL("./support/serve.ts", import.meta.url))]
    buildSync({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", packages: "external" })
    const child = spawn(process.execPath, [script], {
      env: { ...environment, PATH: "" },
      stdio: ["ignore", "pipe", "inherit"]
    })
    const kill = Effect.async<void>((resume) => {
      child.once("exit", () => resume(Effect.void))
      child.kill("SIGKILL")
    })
    yield* Effect.addFinalizer(() => child.exitCode === null && child.signalCode === null ? kill : Effect.void)
    const port = yield* Effect.async<number>((resume) => {
      child.stdout.on("data", (chunk: Buffer) => {
        const said = /port (\d+)/.exec(chunk.toString("utf8"))?.[1]
        if (said !== undefined) {
          resume(Effect.succeed(Number(said)))
        }
      })
    })
    return { ...at(port), kill }
  })

describe("Survival", () => {
  it.scopedLive("a killed process loses no charge, no answer and no event", () =>
    Effect.gen(function*() {
      const dataFolder = yield* folder
      const receiver = yield* make
      receiver.answers.push(...Array.from({ length: 100 }, () => 503))
      const first = yield* spawned({ DATA_FOLDER: dataFolder, WEBHOOK_URL: receiver.url })
      const request = { body: paymentForm(), headers: { "idempotency-key": "k" } }
      const answered = yield* Effect.promise(() => first.raw("POST", "/v1/payment_intents", request))
      const before = yield* Effect.promise(() => first.control("GET", "ledger"))
      const refused = yield* receiver.next
      yield* first.kill
      appendFileSync(join(dataFolder, "journal.jsonl"), `{"put":[{"_tag":"Payme`)
      receiver.answers.splice(0)
      const second = yield* start({ dataFolder, webhookUrl: receiver.url })
      const after = yield* Effect.promise(() => second.control("GET", "ledger"))
      expect(after.text).toBe(before.text)
      expect(after.json).toMatchObject({ intents: { length: 1 }, charges: { length: 1 } })
      const replayed = yield* Effect.promise(() => second.raw("POST", "/v1/payment_intents", request))
      expect([replayed.text, replayed.headers["idempotent-replayed"]]).toEqual([answered.text, "true"])
      const settled = Effect.promise(() => second.control("GET", "webhooks"))
      const status = yield* Effect.repeat(settled, { until: ({ text }) => text.includes(`"pending":0`) })
      expect(status.json).toMatchObject({ delivered: 3, failed: 0, lost: 0 })
      const bodies = (yield* receiver.all).map(({ body }) => body)
      expect(bodies.filter((body) => body === refused.body).length, "told again by the second process").toBeGreaterThan(
        0
      )
      expect(new Set(bodies.map((body) => /"type":"(\w+\.\w+)"/.exec(body)?.[1])).size).toBe(3)
    }), 20_000)

  it.scopedLive(
    "what a killed process had under way is settled by the next one (H60, H66, H68)",
    () =>
      Effect.gen(function*() {
        const dataFolder = yield* folder
        const first = yield* spawned({ DATA_FOLDER: dataFolder })
        yield* Effect.promise(() => first.control("POST", "faults", { fault: "processing" }))
        const slow = yield* Effect.promise(() => first.stripe.paymentIntents.create(payment()))
        const paid = yield* Effect.promise(() => first.stripe.paymentIntents.create(payment("pm_card_pendingRefund")))
        const refund = yield* Effect.promise(() => first.stripe.refunds.create({ payment_intent: paid.id }))
        yield* Effect.promise(() => first.stripe.paymentIntents.create(payment("pm_card_createDispute")))
        yield* Effect.promise(() => first.control("POST", "chaos", { faults: 1, kinds: ["error_before"] }))
        const before = yield* Effect.promise(() => first.control("GET", "ledger"))
        yield* first.kill
        // One start reads the journal and rewrites it, the next one reads what was rewritten.
        yield* Effect.scoped(start({ dataFolder }))
        const second = yield* start({ dataFolder })
        expect((yield* Effect.promise(() => second.control("GET", "ledger"))).text).toBe(before.text)
        expect(before.json).toMatchObject({ refunds: [{ status: "pending" }], disputes: { length: 1 } })
        const settle = (path: string, body?: object) =>
          Effect.promise(() => second.control("POST", `${path}/settle`, body))
        yield* settle(`payment_intents/${slow.id}`, { outcome: "succeeded" })
        yield* settle(`refunds/${refund.id}`)
        // Nor is there any bad luck left.
        expect(yield* Effect.promise(() => second.stripe.paymentIntents.retrieve(slow.id))).toMatchObject({
          status: "succeeded"
        })
        expect(yield* Effect.promise(() => second.stripe.refunds.retrieve(refund.id))).toMatchObject({
          status: "succeeded"
        })
      }),
    20_000
  )

  it.scopedLive("what was delivered is not delivered again after a restart, and the next line starts clean", () =>
    Effect.gen(function*() {
      const dataFolder = yield* folder
      const receiver = yield* make
      const runs = yield* Effect.forEach(["1", "2", "3"], (run) =>
        Effect.scoped(Effect.gen(function*() {
          const { control, stripe } = yield* start({ dataFolder, webhookUrl: receiver.url })
          const { id } = yield* Effect.promise(() => stripe.paymentIntents.create({ amount: 1000, currency: "usd" }))
          const { body } = yield* receiver.next
          expect(body, `run ${run} hears only of its own intent`).toContain(id)
          const settled = Effect.promise(() => control("GET", "webhooks"))
          yield* Effect.repeat(settled, { until: ({ text }) => text.includes(`"pending":0`) })
          appendFileSync(join(dataFolder, "journal.jsonl"), `{"put":[`)
          return id
        })))
      const { stripe } = yield* start({ dataFolder })
      const { data } = yield* Effect.promise(() => stripe.paymentIntents.list())
      expect(data.map(({ id }) => id)).toEqual(runs.toReversed())
      expect(readFileSync(join(dataFolder, "journal.jsonl"), "utf8").endsWith("}\n")).toBe(true)
    }))
})
