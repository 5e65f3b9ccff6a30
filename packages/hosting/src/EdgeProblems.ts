import { Schema } from "effect"

/** What a problem's page says beside its title: when it comes, and what the caller should do. */
export interface ProblemText {
  readonly means: string
  readonly advice: string
}

const again = "Wait as long as `Retry-After` says and send the same request again, with the same `Idempotency-Key`."

/** The refusals of the edge itself, whatever stands behind it, by their names. */
export const edgeProblems = {
  "content-too-large": {
    means: "The body has more bytes than this server reads; the detail says how many it may have.",
    advice: "Send less. Asking again changes nothing."
  },
  "forbidden": {
    means: "The token is good, but it lacks the scope that this request needs.",
    advice: "Ask with a token that has the scope."
  },
  "internal-error": {
    means: "The service failed by a bug of ours. What was asked for may or may not have happened.",
    advice:
      "Send the same request again with the same `Idempotency-Key`, which does nothing twice; quote the correlation id when asking about it."
  },
  "invalid-request": {
    means: "A field of the path, the query, the headers or the body breaks its rule; `errors` names each.",
    advice: "Mend the named fields. Fields that are not known are refused too."
  },
  "malformed-body": {
    means: "The body is not JSON in UTF-8, nests too deep, or holds what cannot be stored, such as a NUL character.",
    advice: "Mend the body. Asking again changes nothing."
  },
  "malformed-request": {
    means: "The request could not be read to its end.",
    advice: "See whether the client or a proxy cuts requests short, and send it again."
  },
  "method-not-allowed": {
    means: "There is something at this path, but it does not know the method.",
    advice: "Use one of the methods in `Allow`."
  },
  "not-acceptable": {
    means: "The `Accept` header rules out `application/json`, and this path answers in nothing else.",
    advice: "Accept `application/json`, or leave the header out."
  },
  "not-found": {
    means: "No resource has this path.",
    advice: "Compare the path with the API's description at `/openapi.json`."
  },
  "not-parked": {
    means: "No message of this id waits for a person; it may have been replayed or discarded meanwhile.",
    advice: "List those that wait with `npx quartet parked list`."
  },
  "stopping": {
    means: "This process is about to end, and did not begin with the request.",
    advice: again
  },
  "too-many-requests": {
    means: "This customer, or this address, has sent more requests than it may at once.",
    advice: again
  },
  "unauthorized": {
    means: "There is no bearer token, or it is not one of ours, or it has expired. Which of these is not told.",
    advice: "Get a new token and ask again."
  },
  "unavailable": {
    means: "Something that the service needs is away, or it has more to do than it can take.",
    advice: again
  },
  "unsupported-media-type": {
    means: "The body is of another media type than JSON in UTF-8, or is compressed.",
    advice: "Send `Content-Type: application/json` and no `Content-Encoding`."
  }
} satisfies Record<string, ProblemText>

/** The name of one of them. */
export type EdgeProblem = keyof typeof edgeProblems

const isEdgeProblem = (name: unknown): name is EdgeProblem => typeof name === "string" && name in edgeProblems

/** The names, where they are decoded. */
export const EdgeProblem = Schema.declare(isEdgeProblem)
