import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Effect } from "effect"
import type { Auth } from "./Auth.ts"
import { tokenOf } from "./Auth.ts"
import { Refused } from "./Problem.ts"

/** Lets in nobody but operators. */
export const operatorsOnly = ({ verify }: Auth["Type"]) => <A, E, R>(handler: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const token = tokenOf(yield* HttpServerRequest.HttpServerRequest)
    const { scopes } = yield* Effect.orElseFail(Effect.flatMap(token, verify), () => unauthorized)
    if (!scopes.includes("operator")) return yield* forbidden
    return yield* handler
  })

const unauthorized = new Refused({
  name: "unauthorized",
  detail: "A valid bearer token is needed."
})

const forbidden = new Refused({
  name: "forbidden",
  detail: "This needs the scope operator."
})
