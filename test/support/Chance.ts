import { Config, ConfigProvider, Console, Effect, Random } from "effect"

/** `QUARTET_TEST_SEED` repeats a run's choices; their moments are the machine's. */
export const seedSetting = Config.option(Config.integer("QUARTET_TEST_SEED")).pipe(
  Effect.flatMap((given) => given._tag === "Some" ? Effect.succeed(given.value) : Random.nextIntBetween(0, 2 ** 31)),
  // Whatever settings the system under test was given, the seed is the environment's.
  Effect.withConfigProvider(ConfigProvider.fromEnv())
)

/** Runs a test on randomness that can be had again: the seed is told when the test fails. */
export const seeded = <A, E, R>(test: Effect.Effect<A, E, R>) =>
  Effect.flatMap(seedSetting, (seed) =>
    test.pipe(
      Effect.withRandom(Random.make(seed)),
      Effect.tapErrorCause(() => Console.error(`To have these choices again: QUARTET_TEST_SEED=${seed}`))
    ))

/**
 * How many of a soak's blows fall: all, or the share of them that `QUARTET_TEST_SHARE` allows (0.2 is a fifth), one at least.
 * It is told when it is not all.
 */
export const shareOf = (all: number) =>
  Config.number("QUARTET_TEST_SHARE").pipe(
    Config.withDefault(1),
    Effect.map((share) => Math.min(all, Math.max(1, Math.ceil(all * share)))),
    Effect.tap((some) => some === all ? Effect.void : Console.log(`QUARTET_TEST_SHARE: ${some} of ${all} times`)),
    Effect.withConfigProvider(ConfigProvider.fromEnv())
  )

/** Waits for a moment that nobody can foresee, up to so many milliseconds: when a fault strikes. */
export const someMoment = (atMost: number) =>
  Effect.flatMap(Random.nextIntBetween(0, atMost), (millis) => Effect.sleep(`${millis} millis`))

/** One of these, each as likely as it is often named. */
export const oneOf = <A>(...choices: readonly [A, ...ReadonlyArray<A>]) =>
  Effect.map(Random.nextIntBetween(0, choices.length), (index) => choices[index] ?? choices[0])
