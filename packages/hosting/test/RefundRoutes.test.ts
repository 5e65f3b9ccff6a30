import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { Unavailable } from "@quartet/messaging/Request"
import { ConfigProvider, Effect, Layer, Redacted, Ref, Schema } from "effect"
import * as Auth from "../src/Auth.ts"
import * as DevelopmentIssuer from "../src/DevelopmentIssuer.ts"
import * as Health from "../src/Health.ts"
import * as Ops from "../src/Ops.ts"
import type { Desk, Settlement, Settling } from "../src/ParkedMessages.ts"
import * as ParkedMessages from "../src/ParkedMessages.ts"
import * as TokenKeys from "../src/testing/TokenKeys.ts"

const empty: Desk = {
  list: Effect.succeed([]),
  count: Effect.succeed(0),
  find: () => Effect.succeedNone,
  replay: () => Effect.succeed(0),
  discard: () => Effect.succeed(0),
  sayAgain: () => Effect.succeed(0),
  sayAgainAbout: () => Effect.succeed(0)
}

/** Two services, of which one gives money back: `lost` failed at the bank, `made` went through, `away` meets an outage. */
const registered = Effect.gen(function*() {
  const asked = yield* Ref.make<ReadonlyArray<Settlement>>([])
  const outcomes = new Map<string, Settling>([
    ["lost", { _tag: "Settled", orderId: "an-order" }],
    ["made", { _tag: "NotOwed", why: "It went through." }]
  ])
  const settleRefund = (settlement: Settlement) =>
    Effect.zipRight(
      Ref.update(asked, (before) => [...before, settlement]),
      settlement.refundId === "away"
        ? new Unavailable({ reason: "stopping" })
        : Effect.succeed(outcomes.get(settlement.refundId) ?? { _tag: "Unknown" } satisfies Settling)
    )
  yield* ParkedMessages.registerIfKept("order", empty)
  yield* ParkedMessages.registerIfKept("payment", { ...empty, settleRefund })
  return asked
})

const settings = new Map(Object.entries({ OPS_PORT: "0", ...TokenKeys.issuing }))

const ops = Ops.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Health.layer, ParkedMessages.layer, Auth.layer, DevelopmentIssuer.layer)),
  Layer.provideMerge(FetchHttpClient.layer),
  Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(settings)))
)

const Json = Schema.parseJson(Schema.Unknown)

interface Asking {
  readonly body?: unknown
  readonly scopes?: ReadonlyArray<string> | null
  readonly method?: "GET" | "POST"
}

const because = "bank transfer of 2 March"

const settle = Effect.fnUntraced(function*(refund: string, asking: Asking = {}) {
  const { body, method = "POST", scopes = ["operator"] } = { body: { because }, ...asking }
  const url = yield* Ops.OpsUrl
  const { sign } = yield* DevelopmentIssuer.DevelopmentIssuer
  const token = scopes === null ? "none" : Redacted.value(yield* sign({ subject: "olga", scopes }))
  const request = HttpClientRequest.make(method)(`${url}/refunds/${refund}/settle`).pipe(
    HttpClientRequest.setHeaders({ connection: "close" }),
    HttpClientRequest.bearerToken(token),
    body === undefined || method === "GET" ? (same) => same : HttpClientRequest.bodyUnsafeJson(body)
  )
  const response = yield* HttpClient.execute(request)
  const text = yield* response.text
  return { status: response.status, json: yield* Schema.decode(Json)(text), text }
})

const problemOf = ({ status, text }: { readonly status: number; readonly text: string }) =>
  `${status} ${/urn:quartet:problem:([a-z-]+)/.exec(text)?.[1] ?? ""}`

describe("a failed refund on the operators' port", { timeout: 20_000 }, () => {
  it.live("is settled by operators alone (H203)", () =>
    Effect.gen(function*() {
      const asked = yield* registered
      const refused = yield* Effect.forEach([null, [], ["customer"]], (scopes) => settle("lost", { scopes }))
      assert.deepStrictEqual(refused.map(({ status }) => status), [401, 403, 403])
      assert.deepStrictEqual(yield* Ref.get(asked), [])
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live("is settled with its reason, in the name of the token's subject, as often as is asked (H66)", () =>
    Effect.gen(function*() {
      const asked = yield* registered
      const answers = yield* Effect.all([
        settle("lost"),
        settle("lost"),
        settle("lost", { body: { because: `  ${because}\n` } })
      ])
      const settled = { refundId: "lost", orderId: "an-order" }
      assert.deepStrictEqual(
        answers.map(({ json, status }) => [status, json]),
        answers.map(() => [200, settled])
      )
      assert.deepStrictEqual(
        yield* Ref.get(asked),
        answers.map(() => ({ refundId: "lost", because, settledBy: "olga" }))
      )
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live.each<readonly [string, string]>([
    ["unknown", "404 unknown-refund"],
    ["x".repeat(100), "404 unknown-refund"],
    ["a%20b", "404 unknown-refund"],
    ["%00", "404 unknown-refund"],
    ["made", "409 refund-not-failed"],
    ["away", "503 unavailable"]
  ])("is not settled: %s is %s", ([refund, problem]) =>
    Effect.gen(function*() {
      yield* registered
      assert.strictEqual(problemOf(yield* settle(refund)), problem)
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live.each<readonly [string, unknown, string]>([
    ["no body", undefined, "malformed-body"],
    ["no reason", {}, "invalid-request"],
    ["an empty reason", { because: "" }, "invalid-request"],
    ["spaces", { because: "   " }, "invalid-request"],
    ["a number", { because: 7 }, "invalid-request"],
    ["201 characters", { because: "x".repeat(201) }, "invalid-request"],
    ["two lines", { because: "one\ntwo" }, "invalid-request"],
    ["a null character", { because: "a\u0000b" }, "malformed-body"],
    ["a change of direction", { because: "a\u202eb" }, "invalid-request"],
    ["half of a surrogate pair", { because: "a\ud800b" }, "malformed-body"],
    ["a field more", { because, amount: 1 }, "invalid-request"],
    ["a list", [because], "invalid-request"],
    ["a card's number", { because: "to 4242424242424242" }, "card-number"],
    ["a card's number in groups", { because: "to 4242 4242 4242 4242" }, "card-number"],
    ["a card's number with hyphens", { because: "to 4242-4242-4242-4242" }, "card-number"]
  ])("is not settled without a reason that can be kept: %s (H189)", ([, body, problem]) =>
    Effect.gen(function*() {
      const asked = yield* registered
      assert.strictEqual(problemOf(yield* settle("lost", { body })), `400 ${problem}`)
      assert.deepStrictEqual(yield* Ref.get(asked), [])
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live("is not settled by reading, nor where no service gives money back", () =>
    Effect.gen(function*() {
      yield* ParkedMessages.registerIfKept("order", empty)
      assert.strictEqual(problemOf(yield* settle("lost")), "404 unknown-refund")
      assert.strictEqual((yield* settle("lost", { method: "GET" })).status, 405)
    }).pipe(Effect.scoped, Effect.provide(ops)))
})
