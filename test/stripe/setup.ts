import { Config, Effect, Option, Redacted } from "effect"
import type { TestProject } from "vitest/node"
import startPostgres from "../../packages/hosting/src/testing/globalSetup.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** Whether the run is about Stripe itself; absent, the journeys are played against the stand-in. */
    readonly stripeItself: boolean
    /** The test key for it, where there is one. */
    readonly stripeKey: string
  }
}

const key = Config.option(Config.redacted(Config.nonEmptyString("STRIPE_API_KEY")))

const untouched =
  "NOTHING WAS RUN AGAINST STRIPE: STRIPE_API_KEY is not set. Set it to a test key of an account of yours (sk_test_…)."

/** Stripe's own name for keys that move no real money. Source: Stripe, "API keys". */
const isForTests = (value: string) => value.startsWith("sk_test_")

/** Lets the journeys meet Stripe itself, if there is a key for that; a live key is refused before anything is asked. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = await Effect.runPromise(key)
  if (Option.isNone(given)) {
    process.stdout.write(`\n${untouched}\n\n`)
    return () => Promise.resolve()
  }
  const value = Redacted.value(given.value)
  if (!isForTests(value)) throw new Error("STRIPE_API_KEY is no test key (sk_test_…). Nothing was asked of Stripe.")
  project.provide("stripeKey", value)
  return startPostgres(project)
}
