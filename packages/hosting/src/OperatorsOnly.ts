import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Effect, Redacted } from "effect"
import type { Auth } from "./Auth.ts"
import { Refused } from "./Problem.ts"

/** Lets in nobody but operators. */
export const operatorsOnly = ({ verify }: Auth["Type"]) => <A, E, R>(handler: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const token = /^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1] ?? ""
    const { scopes } = yield* Effect.catchTag(verify(Redacted.make(token)), "Unauthorized", () => unauthorized)
    if (!scopes.includes("operator")) return yield* forbidden
    return yield* handler
  })

const unauthorized = new Refused({
  status: 401,
  name: "unauthorized",
  title: "Who are you?",
  detail: "A valid bearer token is needed."
})

const forbidden = new Refused({
  status: 403,
  name: "forbidden",
  title: "You may not do this",
  detail: "This needs the scope operator."
})
