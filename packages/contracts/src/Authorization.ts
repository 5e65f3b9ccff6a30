import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import { Context } from "effect"
import { edgeProblems } from "./EdgeProblems.ts"
import { define } from "./Problem.ts"

/** Who asks, and what he may do. */
export class Principal extends Context.Tag("@quartet/contracts/Principal")<Principal, {
  readonly subject: string
  readonly scopes: ReadonlyArray<string>
}>() {}

export const unauthorized = define({ name: "unauthorized", ...edgeProblems.unauthorized })
export const forbidden = define({ name: "forbidden", ...edgeProblems.forbidden })

/**
 * Put on an API, a group or an endpoint, lets in nobody without a valid bearer token (RFC 6750) and tells the handler who
 * it is.
 */
export class Authorization extends HttpApiMiddleware.Tag<Authorization>()("@quartet/contracts/Authorization", {
  failure: unauthorized.schema,
  provides: Principal,
  security: { bearer: HttpApiSecurity.bearer }
}) {}
