import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { Effect, Layer, Redacted, Schedule, Schema } from "effect"
import { demand } from "quartet/Shop"
import { System } from "./Addresses.ts"
import { oneOf } from "./Chance.ts"
import { send } from "./Provider.ts"

const key = Redacted.make("sk_test_bank")

const Found = Schema.Struct({ data: Schema.Array(Schema.Struct({ id: Schema.String })) })

/** Intents of this status, the newest hundred of them. */
const intentsIn = Effect.fn("Bank.intentsIn")(function*(status: string) {
  const { simulator } = yield* System
  const query = new URLSearchParams({ query: `status:"${status}"`, limit: "100" }).toString()
  const url = `${simulator}/v1/payment_intents/search?${query}`
  const { data } = yield* demand({ method: "GET", url, token: key }, Found)
  return data.map(({ id }) => id)
})

/** One turn: what is being processed is decided, and what was only reserved is taken. */
const decide = Effect.gen(function*() {
  const { simulator } = yield* System
  for (const id of yield* intentsIn("processing")) {
    const outcome = yield* oneOf("succeeded", "succeeded", "failed")
    const request = HttpClientRequest.post(`${simulator}/_simulator/payment_intents/${id}/settle`)
    yield* send(HttpClientRequest.bodyUnsafeJson(request, { outcome }))
  }
  for (const id of yield* intentsIn("requires_capture")) {
    const request = HttpClientRequest.post(`${simulator}/v1/payment_intents/${id}/capture`)
    yield* send(HttpClientRequest.bearerToken(request, key))
  }
})

/** A bank that takes its time, for as long as the test runs. What it could not do for the provider's faults waits for its next turn. */
export const layer = Layer.scopedDiscard(
  Effect.ignore(decide).pipe(Effect.repeat(Schedule.spaced("400 millis")), Effect.forkScoped)
)
