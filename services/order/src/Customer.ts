import { HttpServerRequest } from "@effect/platform"
import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import { Principal, unauthorized } from "@quartet/contracts/Authorization"
import { CustomerId } from "@quartet/contracts/Ids"
import { invalidKey } from "@quartet/contracts/KeyProblems"
import { fingerprint, read } from "@quartet/hosting/IdempotencyKeyHeader"
import * as Problem from "@quartet/hosting/Problem"
import { Effect, Either, Option, Schema } from "effect"
import * as Preference from "./Preference.ts"

const decodeCustomer = Schema.decodeOption(CustomerId)

/** Whoever the token speaks for; a subject that cannot name a customer is nobody here. */
export const customer = Effect.gen(function*() {
  const { subject } = yield* Principal
  return yield* Option.match(decodeCustomer(subject), {
    onNone: () => Problem.fail(unauthorized, "The token's subject cannot be a customer."),
    onSome: Effect.succeed
  })
})

/** The body, decoded, and as the one text that all bodies of the same meaning have, for those who need it. */
export const body = <A, I>(schema: Schema.Schema<A, I>) => {
  const canonical = Schema.encodeSync(Schema.parseJson(schema))
  const decode = Schema.decodeUnknownEither(schema)
  return HttpServerRequest.HttpServerRequest.pipe(
    // What is no JSON at all, the edge answers.
    Effect.flatMap((request) => Effect.orDie(request.json)),
    Effect.flatMap((json) =>
      Either.match(decode(json), {
        onLeft: HttpApiDecodeError.refailParseError,
        onRight: (payload) => Effect.succeed({ payload, text: () => canonical(payload) })
      })
    )
  )
}

const Nothing = Schema.Record({ key: Schema.String, value: Schema.Never })

/** No body, or an empty object: whatever it would set is ours to decide. */
export const noBody = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  const text = yield* Effect.orDie(request.text)
  if (text.trim() !== "") yield* body(Nothing)
})

/** What the caller says about the asking itself: the key that tells it from another, and how long the answer may take. */
export const manner = Effect.fnUntraced(
  function*(route: string, path: ReadonlyArray<string>, text: () => string) {
    const request = yield* HttpServerRequest.HttpServerRequest
    const key = yield* read(request).pipe(
      Effect.catchTag("InvalidKey", ({ detail }) => Problem.fail(invalidKey, detail))
    )
    return {
      key: Option.map(key, (key) => ({ key, fingerprint: fingerprint(request.method, route, path, text()) })),
      wait: Preference.wait(request.headers["prefer"])
    }
  }
)
