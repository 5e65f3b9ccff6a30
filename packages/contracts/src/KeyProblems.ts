import { edgeProblems } from "./EdgeProblems.ts"
import { define } from "./Problem.ts"

/** What every API says that takes an `Idempotency-Key`. Source: draft-ietf-httpapi-idempotency-key-header, §2.7. */
export const keyReused = define({ name: "idempotency-key-reused", ...edgeProblems["idempotency-key-reused"] })

export const keyInProgress = define({
  name: "idempotency-key-in-progress",
  ...edgeProblems["idempotency-key-in-progress"]
})
