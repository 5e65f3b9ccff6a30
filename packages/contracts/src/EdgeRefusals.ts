import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import { Schema } from "effect"
import { documentedAs } from "./Documented.ts"
import { edgeProblems } from "./EdgeProblems.ts"
import { define, mediaType } from "./Problem.ts"

/** What the edge may answer to whatever is asked for, as a client that keeps to the API meets it. */
export const malformedBody = define({ name: "malformed-body", ...edgeProblems["malformed-body"] })
export const cardNumber = define({ name: "card-number", ...edgeProblems["card-number"] })
export const malformedRequest = define({ name: "malformed-request", ...edgeProblems["malformed-request"] })
export const contentTooLarge = define({ name: "content-too-large", ...edgeProblems["content-too-large"] })
export const tooManyRequests = define({ name: "too-many-requests", ...edgeProblems["too-many-requests"] })
export const internalError = define({ name: "internal-error", ...edgeProblems["internal-error"] })
export const unavailable = define({ name: "unavailable", ...edgeProblems.unavailable })
export const stopping = define({ name: "stopping", ...edgeProblems.stopping })

const invalid = define({ name: "invalid-request", ...edgeProblems["invalid-request"] })

/** Which field of a request broke which rule; `pointer` is a JSON pointer (RFC 6901). */
const Fault = Schema.Struct({ pointer: Schema.String, detail: Schema.String })

const InvalidRequest = Schema.Struct({ ...invalid.schema.fields, errors: Schema.Array(Fault) }).pipe(
  HttpApiSchema.withEncoding({ kind: "Json", contentType: mediaType })
).annotations({ ...HttpApiSchema.annotations({ status: 400 }), ...documentedAs("InvalidRequest") })

/** A field breaks its rule; `errors` names each that does. */
export const invalidRequest = { schema: InvalidRequest, is: Schema.is(InvalidRequest) }
