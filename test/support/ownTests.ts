import { it, makeMethods } from "@effect/vitest"

/*
 * `layer` of @effect/vitest 0.30 puts its own `effect` and `scoped` on the `it` that all share. Files that are run in one
 * process would go on with the runtime, and the clock, of a layer in another: so each begins with those that are everybody's.
 */
makeMethods(it)
