import { edgeProblems } from "./EdgeProblems.ts"
import { define } from "./Problem.ts"

/** What every API says that takes an `Idempotency-Key`. Source: draft-ietf-httpapi-idempotency-key-header, §2.7. */
export const keyReused = define({ name: "idempotency-key-reused", ...edgeProblems["idempotency-key-reused"] })

export const keyInProgress = define({
  name: "idempotency-key-in-progress",
  ...edgeProblems["idempotency-key-in-progress"]
})

export const invalidKey = define({
  name: "invalid-idempotency-key",
  status: 400,
  title: "Not an Idempotency-Key",
  means: "The `Idempotency-Key` is not one key of 1 to 255 printable ASCII characters, or it looks like a card number.",
  advice: "Send a random key, such as a UUID, once."
})
