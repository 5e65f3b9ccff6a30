import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Deferred, Effect, Exit, Layer, Metric, MetricBoundaries, Schema, Scope } from "effect"
import * as Health from "../src/Health.ts"
import * as Ops from "../src/Ops.ts"
import * as Prometheus from "../src/Prometheus.ts"

const ops = Ops.layer.pipe(
  Layer.provideMerge(Health.layer),
  Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["OPS_PORT", "0"]]))))
)

const get = (path: string) =>
  Effect.gen(function*() {
    const url = yield* Ops.OpsUrl
    const response = yield* HttpClient.get(url + path, { headers: { connection: "close" } })
    return { status: response.status, text: yield* response.text, headers: response.headers }
  }).pipe(Effect.provide(FetchHttpClient.layer))

const Readiness = Schema.parseJson(Schema.Unknown)

describe("the operators' port", () => {
  it.live("tells life from readiness, and which part is not ready", () =>
    Effect.gen(function*() {
      yield* Health.register("order.database", Effect.succeed(true))
      assert.strictEqual((yield* get("/health/ready")).status, 200)
      const scope = yield* Scope.make()
      yield* Scope.extend(Health.register("order.broker", Effect.fail("seeded reason")), scope)
      const unready = yield* get("/health/ready")
      assert.strictEqual(unready.status, 503)
      assert.deepStrictEqual(yield* Schema.decode(Readiness)(unready.text), {
        status: "not ready",
        checks: { "order.database": { ready: true }, "order.broker": { ready: false } }
      })
      assert.strictEqual((yield* get("/health/live")).status, 200)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* get("/health/ready")).status, 200)
    }).pipe(Effect.scoped, Effect.provide(ops)))

  it.live("shows what was measured", () =>
    Effect.gen(function*() {
      yield* get("/health/live")
      const metrics = yield* get("/metrics")
      assert.strictEqual(metrics.headers["content-type"], Prometheus.mediaType)
      assert.match(metrics.text, /^http_requests_total\{method="GET",route="\/health\/live",status="200"\} \d+$/m)
    }).pipe(Effect.provide(ops)))
})

describe("a process around its parts", () => {
  const settings = Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["OPS_PORT", "0"]])))

  it.live(
    "is alive before them and ready with them, and not ready from the moment it is told to stop (H164, H166)",
    () =>
      Effect.gen(function*() {
        const mayStart = yield* Deferred.make<void>()
        const mayEnd = yield* Deferred.make<void>()
        const stopping = yield* Deferred.make<void>()
        const opened = yield* Deferred.make<string>()
        const parts = Layer.scopedDiscard(Effect.gen(function*() {
          yield* Deferred.succeed(opened, yield* Ops.OpsUrl)
          yield* Deferred.await(mayStart)
          yield* Effect.addFinalizer(() =>
            Effect.zipRight(Deferred.succeed(stopping, undefined), Deferred.await(mayEnd))
          )
        }))
        const scope = yield* Scope.make()
        const main = Ops.around("order", parts, Ops.layer).pipe(Layer.provide(Health.layer), Layer.provide(settings))
        const building = yield* Effect.fork(Layer.buildWithScope(main, scope))
        const url = yield* Deferred.await(opened)
        const ready = Effect.map(get("/health/ready"), ({ status }) => status).pipe(
          Effect.provideService(Ops.OpsUrl, url)
        )
        const live = Effect.map(get("/health/live"), ({ status }) => status).pipe(
          Effect.provideService(Ops.OpsUrl, url)
        )
        assert.deepStrictEqual([yield* live, yield* ready], [200, 503])
        yield* Deferred.succeed(mayStart, undefined)
        yield* building
        assert.deepStrictEqual([yield* live, yield* ready], [200, 200])
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        yield* Deferred.await(stopping)
        assert.deepStrictEqual([yield* live, yield* ready], [200, 503])
        yield* Deferred.succeed(mayEnd, undefined)
        yield* closing
      }),
    20_000
  )
})

describe("metrics in Prometheus' format", () => {
  it.effect("name every kind once, count buckets up and escape labels", () =>
    Effect.gen(function*() {
      const seen = Metric.counter("test.seen", { description: "Seen" })
      yield* Metric.increment(seen).pipe(Effect.tagMetrics("who", "a\"\n\\"))
      yield* Metric.increment(seen).pipe(Effect.tagMetrics("who", "b"))
      yield* Metric.set(Metric.gauge("test_depth"), 7)
      const times = Metric.histogram("test_times", MetricBoundaries.fromIterable([1, 2]))
      yield* Effect.forEach([0.5, 1.5, 1.5, 5], (value) => Metric.update(times, value))
      const lines = (yield* Prometheus.text).split("\n").filter((line) => line.includes("test_"))
      assert.deepStrictEqual(lines.toSorted(), [
        "# HELP test_depth test_depth",
        "# HELP test_seen Seen",
        "# HELP test_times test_times",
        "# TYPE test_depth gauge",
        "# TYPE test_seen counter",
        "# TYPE test_times histogram",
        "test_depth 7",
        "test_seen{who=\"a\\\"\\n\\\\\"} 1",
        "test_seen{who=\"b\"} 1",
        "test_times_bucket{le=\"+Inf\"} 4",
        "test_times_bucket{le=\"1\"} 1",
        "test_times_bucket{le=\"2\"} 3",
        "test_times_count 4",
        "test_times_sum 8.5"
      ])
    }))
})
