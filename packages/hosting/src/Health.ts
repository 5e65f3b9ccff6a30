import type { Scope } from "effect"
import { Cause, Context, Effect, Layer, Option, Ref } from "effect"

/** What one check said: its answer, or that it gave none. */
export interface CheckResult {
  readonly ready: boolean
}

/** Ready when every check says so; no check at all is ready. */
export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, CheckResult>>
}

/** Which parts of the process work. Each part registers its own check and takes it back when it ends. */
export class Health extends Context.Tag("@quartet/hosting/Health")<Health, {
  /** A check that fails, dies or takes longer than 2 seconds means: not ready. Names are unique within the process. */
  readonly register: <E>(name: string, check: Effect.Effect<boolean, E>) => Effect.Effect<void, never, Scope.Scope>
  readonly readiness: Effect.Effect<Readiness>
}>() {}

export const register = <E>(
  name: string,
  check: Effect.Effect<boolean, E>
): Effect.Effect<void, never, Health | Scope.Scope> => Effect.flatMap(Health, (health) => health.register(name, check))

/** Registers where the process keeps a `Health`, and nothing where it does not, as in most tests. */
export const registerIfKept = <E>(
  name: string,
  check: Effect.Effect<boolean, E>
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(
    Effect.serviceOption(Health),
    Option.match({ onNone: () => Effect.void, onSome: (health) => health.register(name, check) })
  )

export const layer: Layer.Layer<Health> = Layer.effect(
  Health,
  Effect.gen(function*() {
    const checks = yield* Ref.make<ReadonlyMap<string, Effect.Effect<boolean>>>(new Map())
    return {
      register: (name, check) =>
        Effect.acquireRelease(
          Ref.update(checks, (known) => new Map(known).set(name, settled(name, check))),
          () => Ref.update(checks, (known) => new Map([...known].filter(([other]) => other !== name)))
        ),
      readiness: Effect.gen(function*() {
        const results = yield* Effect.forEach(
          yield* Ref.get(checks),
          ([name, check]) => Effect.map(check, (ready) => ({ name, ready })),
          { concurrency: "unbounded" }
        )
        return {
          ready: results.every(({ ready }) => ready),
          checks: Object.fromEntries(results.map(({ name, ready }) => [name, { ready }]))
        }
      })
    }
  })
)

/** The reason goes to the log and not into the answer, which anybody may read. */
const settled = <E>(name: string, check: Effect.Effect<boolean, E>): Effect.Effect<boolean> =>
  check.pipe(
    Effect.timeout("2 seconds"),
    Effect.catchAllCause((cause) => Effect.as(Effect.logDebug(`The check ${name} failed.`, Cause.squash(cause)), false))
  )
