import { isServerError } from "@effect/platform/HttpServerError"
import { Refused } from "./Problem.ts"

/**
 * The refusal that an error comes to; what nobody foresaw is a bug. `methods` are those that the path answers, none when
 * there is no such path.
 */
export const refusalOf = (error: unknown, methods: ReadonlyArray<string>): Refused => {
  if (error instanceof Refused) return error
  if (isServerError(error) && error._tag === "RequestError") return unreadable
  if (isServerError(error) && error._tag === "RouteNotFound") {
    return methods.length === 0 ? notFound : methodNotAllowed(methods.join(", "))
  }
  return isOutage(error) ? unavailable : bug
}

const notFound = new Refused({
  status: 404,
  name: "not-found",
  title: "There is nothing here",
  detail: "No resource has this path."
})

const methodNotAllowed = (allow: string) =>
  new Refused({
    status: 405,
    name: "method-not-allowed",
    title: "The method is not allowed",
    detail: `This path answers ${allow}.`,
    headers: { allow }
  })

export const notAcceptable = new Refused({
  status: 406,
  name: "not-acceptable",
  title: "There is nothing here that you accept",
  detail: "This path answers in application/json."
})

const unreadable = new Refused({
  status: 400,
  name: "malformed-request",
  title: "The request cannot be read",
  detail: "The request is incomplete or malformed."
})

export const stopping = new Refused({
  status: 503,
  name: "stopping",
  title: "The service is stopping",
  detail: "Try again soon.",
  headers: { "retry-after": "1" }
})

export const unavailable = new Refused({
  status: 503,
  name: "unavailable",
  title: "Not available at the moment",
  detail: "Try again soon.",
  headers: { "retry-after": "1" }
})

export const bug = new Refused({
  status: 500,
  name: "internal-error",
  title: "Something went wrong",
  detail: "Quote the correlation id when asking about it."
})

/** One more than the edge handles at a time: it is answered before anything is kept for it. */
export const overloaded = new Refused({
  status: 503,
  name: "unavailable",
  title: "Not available at the moment",
  detail: "Too many requests are being handled. Try again soon.",
  headers: { "retry-after": "1" }
})

/** The database being away is nobody's bug; the caller may try again. */
const isOutage = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "_tag" in error &&
  (error._tag === "SqlError" || error._tag === "Unavailable")
