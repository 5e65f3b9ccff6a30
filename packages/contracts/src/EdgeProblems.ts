import { Schema } from "effect"
import type { ProblemText } from "./Problem.ts"

const again = "Wait as long as `Retry-After` says and send the same request again, with the same `Idempotency-Key`."

/** The refusals that are the same whatever stands behind the edge, by their names. */
export const edgeProblems = {
  "card-number": {
    status: 400,
    title: "Never send a card number",
    means: "The request holds what looks like the number of a card. It was not kept.",
    advice: "Give the card to the payment provider, and send us the id of the payment method it makes of it."
  },
  "content-too-large": {
    status: 413,
    title: "The body is too large",
    means: "The body has more bytes than this server reads; the detail says how many it may have.",
    advice: "Send less. Asking again changes nothing."
  },
  "forbidden": {
    status: 403,
    title: "You may not do this",
    means: "The token is good, but it lacks the scope that this request needs.",
    advice: "Ask with a token that has the scope."
  },
  "idempotency-key-in-progress": {
    status: 409,
    title: "The first request with this Idempotency-Key is still being answered",
    means: "A request with this key was sent before, and is not answered yet.",
    advice: "Wait as long as `Retry-After` says and send the very same request again; it gets the first one's answer."
  },
  "idempotency-key-reused": {
    status: 422,
    title: "The Idempotency-Key belongs to another request",
    means: "Another request of the same customer had this `Idempotency-Key`: another path, or another body.",
    advice: "Use a new key for a new request, and the very same request to repeat one."
  },
  "internal-error": {
    status: 500,
    title: "Something went wrong",
    means: "The service failed by a bug of ours. What was asked for may or may not have happened.",
    advice:
      "Send the same request again with the same `Idempotency-Key`, which does nothing twice; quote the correlation id when asking about it."
  },
  "invalid-request": {
    status: 400,
    title: "The request is not valid",
    means: "A field of the path, the query, the headers or the body breaks its rule; `errors` names each.",
    advice: "Mend the named fields. Fields that are not known are refused too."
  },
  "malformed-body": {
    status: 400,
    title: "The body cannot be read",
    means: "The body is not JSON in UTF-8, nests too deep, or holds what cannot be stored, such as a NUL character.",
    advice: "Mend the body. Asking again changes nothing."
  },
  "malformed-request": {
    status: 400,
    title: "The request cannot be read",
    means: "The request could not be read to its end.",
    advice: "See whether the client or a proxy cuts requests short, and send it again."
  },
  "method-not-allowed": {
    status: 405,
    title: "The method is not allowed",
    means: "There is something at this path, but it does not know the method.",
    advice: "Use one of the methods in `Allow`."
  },
  "not-acceptable": {
    status: 406,
    title: "There is nothing here that you accept",
    means: "The `Accept` header rules out `application/json`, and this path answers in nothing else.",
    advice: "Accept `application/json`, or leave the header out."
  },
  "not-found": {
    status: 404,
    title: "There is nothing here",
    means: "No resource has this path.",
    advice: "Compare the path with the API's description at `/openapi.json`."
  },
  "unknown-refund": {
    status: 404,
    title: "There is no such refund",
    means: "No refund has this id.",
    advice: "Look the refund up under its order: `GET /orders/{id}/refunds`."
  },
  "refund-not-failed": {
    status: 409,
    title: "The refund has not failed",
    means: "Only a refund that failed, and whose money is still owed, can be settled by hand.",
    advice: "Look at the refunds of the order. One that is under way ends by itself."
  },
  "not-parked": {
    status: 404,
    title: "No such message waits",
    means: "No message of this id waits for a person; it may have been replayed or discarded meanwhile.",
    advice: "List those that wait with `npx quartet parked list`."
  },
  "stopping": {
    status: 503,
    title: "The service is stopping",
    means: "This process is about to end, and did not begin with the request.",
    advice: again
  },
  "too-many-requests": {
    status: 429,
    title: "Too many requests",
    means: "This customer, or this address, has sent more requests than it may at once.",
    advice: again
  },
  "unauthorized": {
    status: 401,
    title: "Who are you?",
    means: "There is no bearer token, or it is not one of ours, or it has expired. Which of these is not told.",
    advice: "Get a new token and ask again."
  },
  "unavailable": {
    status: 503,
    title: "Not available at the moment",
    means: "Something that the service needs is away, or it has more to do than it can take.",
    advice: again
  },
  "unsupported-media-type": {
    status: 415,
    title: "Unsupported media type",
    means: "The body is of another media type than JSON in UTF-8, or is compressed.",
    advice: "Send `Content-Type: application/json` and no `Content-Encoding`."
  }
} as const satisfies Record<string, ProblemText & { readonly status: number; readonly title: string }>

/** The name of one of them. */
export type EdgeProblem = keyof typeof edgeProblems

const isEdgeProblem = (name: unknown): name is EdgeProblem => typeof name === "string" && name in edgeProblems

/** The names, where they are decoded. */
export const EdgeProblem = Schema.declare(isEdgeProblem)
