import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import { signal } from "@quartet/hosting/ProcessTable"
import { ConfigProvider, Context, Effect, Layer, Ref, Scope } from "effect"
import { System } from "./Addresses.ts"
import type { Home, NotAsExpected, Running } from "./Process.ts"
import * as Process from "./Process.ts"

/** A quartet in a process of its own, on the PostgreSQL in its home, which a test may kill and start again. */
export class Quartet extends Context.Tag("@quartet/test/Quartet")<Quartet, {
  readonly home: Home
  /** The process as of now, whether it still lives or not. */
  readonly running: Effect.Effect<Running>
  /** Kills the process as `kill -9` does. Its PostgreSQL lives on. */
  readonly kill: Effect.Effect<void>
  /** Kills the process and its PostgreSQL, as a power cut would. */
  readonly killAll: Effect.Effect<void>
  /** Starts it again once it has ended, and waits until it is ready. */
  readonly start: Effect.Effect<Running, NotAsExpected>
  /** The id of its PostgreSQL, or 0. */
  readonly postmaster: Effect.Effect<number>
}>() {}

const make = Effect.fn("Quartet.make")(function*(settings: Readonly<Record<string, string>>) {
  const scope = yield* Effect.scope
  const home = yield* Process.makeHome(settings)
  const running = yield* Ref.make(yield* Process.start(home))
  const postmaster = Process.postmaster(home.folder)
  const kill = Effect.asVoid(Effect.flatMap(Ref.get(running), Process.kill))
  const killAll = Effect.gen(function*() {
    const server = yield* postmaster
    const { ended, tell } = yield* Ref.get(running)
    yield* tell("SIGKILL")
    yield* signal(server, "SIGKILL")
    yield* ended
    yield* Process.gone(server)
  })
  const start = Effect.tap(Process.start(home), (started) => Ref.set(running, started)).pipe(
    Scope.extend(scope)
  )
  return Quartet.of({ home, running: Ref.get(running), kill, killAll, start, postmaster })
})

const addressesOf = ({ home }: Quartet["Type"]) =>
  Effect.map(Process.adminOf(home), (admin) => {
    const at = (port: number) => `http://127.0.0.1:${port}`
    const { inventory, order, payment, prices, simulator, warehouse } = home.ports
    return System.of({
      order: at(order),
      payment: at(payment),
      inventory: at(inventory),
      warehouse: at(warehouse),
      prices: at(prices),
      simulator: at(simulator),
      admin
    })
  })

/** A quartet that was started, and what tests of a system in this process have too. */
export const layer = (settings: Readonly<Record<string, string>> = {}) =>
  Layer.unwrapScoped(Effect.gen(function*() {
    const quartet = yield* make(settings)
    return Layer.mergeAll(
      Layer.succeed(Quartet, quartet),
      Layer.effect(System, addressesOf(quartet)),
      NodeHttpClient.layer,
      DevelopmentIssuer.layer.pipe(
        Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(quartet.home.settings))))
      )
    )
  }))
