import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Duration, Effect, Option, Schema } from "effect"
import type { Auth } from "./Auth.ts"
import { operatorsOnly } from "./OperatorsOnly.ts"
import { ParkedMessage, ParkedMessages } from "./ParkedMessages.ts"
import { Refused } from "./Problem.ts"

/** One line of the list: the reason's first line stands for all of it. */
export const Listed = Schema.Struct({ service: Schema.String, ...ParkedMessage.omit("envelope").fields })
export type Listed = typeof Listed.Type

/** What waits with the services of this process, each oldest first; `waiting` counts also what the list leaves out. */
export const Listing = Schema.Struct({
  services: Schema.Array(Schema.String),
  waiting: Schema.Int,
  items: Schema.Array(Listed)
})
export type Listing = typeof Listing.Type

/** One message with its whole reason and its envelope. */
export const Shown = Schema.Struct({ service: Schema.String, ...ParkedMessage.fields })
export type Shown = typeof Shown.Type

/** How many replays were asked for. Their consumers do them within seconds, each once. */
export const Replays = Schema.Struct({ replays: Schema.Int })

/** How many were given up. */
export const Discarded = Schema.Struct({ discarded: Schema.Int })

/** How many messages are said again. */
export const SaidAgain = Schema.Struct({ messages: Schema.Int })

const Again = Schema.Union(
  Schema.Struct({ lastSeconds: Schema.Int.pipe(Schema.between(1, 366 * 86_400)) }),
  Schema.Struct({
    subjects: Schema.Array(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(200))).pipe(
      Schema.minItems(1),
      Schema.maxItems(1000)
    )
  })
)

const Because = Schema.Struct({ because: Schema.Trim.pipe(Schema.minLength(1), Schema.maxLength(1000)) })

const notWaiting = new Refused({
  name: "not-parked",
  detail: "Nothing of this id waits here. It may have been replayed or discarded already."
})

const noReason = new Refused({
  name: "invalid-request",
  detail: "Say why it is given up: {\"because\": \"…\"}, 1 to 1000 characters."
})

/** An answer of ours that does not fit its schema is a bug. */
export const answer =
  <A, I>(schema: Schema.Schema<A, I>) =>
  (value: A, options: { readonly status?: number } = {}): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
    Effect.orDie(HttpServerResponse.schemaJson(schema)(value, options))

const longestLine = 160

const firstLine = (text: string): string => {
  const line = text.trim().split("\n")[0] ?? ""
  return line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line
}

/** `?service=` picks one of the services of this process. */
export const chosen = Effect.gen(function*() {
  const desks = [...yield* (yield* ParkedMessages).desks]
  const { url } = yield* HttpServerRequest.HttpServerRequest
  const service = new URL(url, "http://ops").searchParams.get("service")
  return desks.filter(([name]) => service === null || service === name)
})

const list = Effect.gen(function*() {
  const desks = yield* chosen
  const found = yield* Effect.forEach(
    desks,
    ([service, desk]) =>
      Effect.map(Effect.all([desk.list, desk.count]), ([messages, waiting]) => ({
        waiting,
        items: messages.map((message) => ({ ...message, service, reason: firstLine(message.reason) }))
      }))
  )
  return yield* answer(Listing)({
    services: desks.map(([service]) => service),
    waiting: found.reduce((sum, { waiting }) => sum + waiting, 0),
    items: found.flatMap(({ items }) => items)
  })
})

/** The desk and the id that the path names. */
const named = Effect.gen(function*() {
  const { id = "", service = "" } = yield* HttpRouter.params
  const desk = (yield* (yield* ParkedMessages).desks).get(service)
  if (desk === undefined) return yield* notWaiting
  return { desk, id, service }
})

const show = Effect.gen(function*() {
  const { desk, id, service } = yield* named
  const found = yield* desk.find(id)
  if (Option.isNone(found)) return yield* notWaiting
  return yield* answer(Shown)({ ...found.value, service })
})

const replayOne = Effect.gen(function*() {
  const { desk, id } = yield* named
  const replays = yield* desk.replay(Option.some(id))
  if (replays === 0) return yield* notWaiting
  return yield* answer(Replays)({ replays }, { status: 202 })
})

const replayAll = Effect.gen(function*() {
  const counts = yield* Effect.forEach(yield* chosen, ([, desk]) => desk.replay(Option.none()))
  const replays = counts.reduce((sum, count) => sum + count, 0)
  return yield* answer(Replays)({ replays }, { status: 202 })
})

const discard = Effect.gen(function*() {
  const { desk, id } = yield* named
  const { because } = yield* Effect.catchTag(
    HttpServerRequest.schemaBodyJson(Because, { onExcessProperty: "error" }),
    "ParseError",
    () => noReason
  )
  const discarded = yield* desk.discard(id, because)
  if (discarded === 0) return yield* notWaiting
  return yield* answer(Discarded)({ discarded })
})

const noWhile = new Refused({
  name: "invalid-request",
  detail: "Say how far back: {\"lastSeconds\": 3600}, at least 1; or about what: {\"subjects\": [\"…\"]}, 1 to 1000."
})

const sayAgain = Effect.gen(function*() {
  const asked = yield* Effect.catchTag(
    HttpServerRequest.schemaBodyJson(Again, { onExcessProperty: "error" }),
    "ParseError",
    () => noWhile
  )
  const counts = yield* Effect.forEach(
    yield* chosen,
    ([, desk]) =>
      "subjects" in asked ? desk.sayAgainAbout(asked.subjects) : desk.sayAgain(Duration.seconds(asked.lastSeconds))
  )
  return yield* answer(SaidAgain)({ messages: counts.reduce((sum, count) => sum + count, 0) }, { status: 202 })
})

/** What operators ask of messages that wait for a person, or that a broker lost. Asking twice is safe. */
export const routes = (auth: Auth["Type"]) => {
  const guard = operatorsOnly(auth)
  return HttpRouter.empty.pipe(
    HttpRouter.get("/parked", guard(list)),
    HttpRouter.post("/parked/replay", guard(replayAll)),
    HttpRouter.post("/said/again", guard(sayAgain)),
    HttpRouter.get("/parked/:service/:id", guard(show)),
    HttpRouter.post("/parked/:service/:id/replay", guard(replayOne)),
    HttpRouter.post("/parked/:service/:id/discard", guard(discard))
  )
}
