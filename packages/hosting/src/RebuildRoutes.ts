import * as HttpRouter from "@effect/platform/HttpRouter"
import { Effect, Schema } from "effect"
import type { Auth } from "./Auth.ts"
import { operatorsOnly } from "./OperatorsOnly.ts"
import { Progress } from "./ParkedMessages.ts"
import { answer, chosen } from "./ParkedRoutes.ts"

/** How far each read model of this process is made again. */
export const Rebuilds = Schema.Struct({
  rebuilds: Schema.Array(Schema.Struct({ service: Schema.String, ...Progress.fields }))
})

const models = Effect.map(
  chosen,
  (desks) => desks.flatMap(([service, { rebuild }]) => rebuild === undefined ? [] : [{ service, ...rebuild }])
)

const progress = Effect.gen(function*() {
  const rebuilds = yield* Effect.forEach(
    yield* models,
    ({ progress, service }) => Effect.map(progress, (progress) => ({ service, ...progress }))
  )
  return { rebuilds }
})

const look = Effect.flatMap(progress, answer(Rebuilds))

const begin = Effect.gen(function*() {
  yield* Effect.forEach(yield* models, ({ begin }) => begin, { discard: true })
  return yield* answer(Rebuilds)(yield* progress, { status: 202 })
})

/** Has read models made again, and tells how far that is. Asking twice is safe. */
export const routes = (auth: Auth["Type"]) => {
  const guard = operatorsOnly(auth)
  return HttpRouter.empty.pipe(
    HttpRouter.get("/rebuilds", guard(look)),
    HttpRouter.post("/rebuilds", guard(begin))
  )
}
