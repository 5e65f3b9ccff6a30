import { isServerError } from "@effect/platform/HttpServerError"
import { Refused } from "./Problem.ts"

/**
 * The refusal that an error comes to; what nobody foresaw is a bug. `methods` are those that the path answers, none when
 * there is no such path.
 */
export const refusalOf = (error: unknown, methods: () => ReadonlyArray<string>): Refused => {
  if (error instanceof Refused) return error
  if (isServerError(error) && error._tag === "RequestError") return unreadable
  if (isServerError(error) && error._tag === "RouteNotFound") {
    const known = methods()
    // The router finds nothing for what it cannot decode and for what is too long, though the path has the right form.
    const isNowhere = known.length === 0 || known.includes(error.request.method)
    return isNowhere ? notFound : methodNotAllowed(known.join(", "))
  }
  return isOutage(error) ? unavailable : bug
}

const notFound = new Refused({
  name: "not-found",
  detail: "No resource has this path."
})

const methodNotAllowed = (allow: string) =>
  new Refused({
    name: "method-not-allowed",
    detail: `This path answers ${allow}.`,
    headers: { allow }
  })

export const notAcceptable = new Refused({
  name: "not-acceptable",
  detail: "This path answers in application/json."
})

const unreadable = new Refused({
  name: "malformed-request",
  detail: "The request is incomplete or malformed."
})

export const stopping = new Refused({
  name: "stopping",
  detail: "Try again soon.",
  headers: { "retry-after": "1" }
})

export const unavailable = new Refused({
  name: "unavailable",
  detail: "Try again soon.",
  headers: { "retry-after": "1" }
})

export const bug = new Refused({
  name: "internal-error",
  detail: "Quote the correlation id when asking about it."
})

/** One more than the edge handles at a time: it is answered before anything is kept for it. */
export const overloaded = new Refused({
  name: "unavailable",
  detail: "Too many requests are being handled. Try again soon.",
  headers: { "retry-after": "1" }
})

/** The database being away is nobody's bug; the caller may try again. */
const isOutage = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "_tag" in error &&
  (error._tag === "SqlError" || error._tag === "Unavailable")
