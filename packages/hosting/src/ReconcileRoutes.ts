import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Duration, Effect, Option, Schema } from "effect"
import type { Auth } from "./Auth.ts"
import { operatorsOnly } from "./OperatorsOnly.ts"
import { answer, chosen } from "./ParkedRoutes.ts"
import { Refused } from "./Problem.ts"
import { Look, Repairs } from "./Reconciling.ts"

/** What each service of this process finds that its books and others tell differently. */
export const Looks = Schema.Struct({
  looks: Schema.Array(Schema.Struct({ service: Schema.String, ...Look.fields }))
})

/** What each of them put right, and what differs still. */
export const AllRepairs = Schema.Struct({
  repairs: Schema.Array(Schema.Struct({ service: Schema.String, ...Repairs.fields }))
})

const Seconds = Schema.Int.pipe(Schema.between(1, 366 * 86_400))

/** So many at a time; whoever has more asks again. */
const most = 1000

const Wished = Schema.Struct({
  ids: Schema.Array(Schema.String.pipe(Schema.maxLength(300))).pipe(Schema.minItems(1), Schema.maxItems(most)),
  lastSeconds: Schema.optional(Seconds)
})

const noIds = new Refused({
  name: "invalid-request",
  detail: "Say which: {\"ids\": [\"…\"]}, 1 to 1000 of them, and with lastSeconds how far back."
})

const noWhile = new Refused({ name: "invalid-request", detail: "lastSeconds is how far back, at least 1." })

const reconcilers = Effect.map(
  chosen,
  (desks) => desks.flatMap(([service, { reconcile }]) => reconcile === undefined ? [] : [{ service, reconcile }])
)

const back = (seconds: number | undefined) => Option.map(Option.fromNullable(seconds), Duration.seconds)

const LastSeconds = Schema.NullOr(Schema.compose(Schema.NumberFromString, Seconds))

const look = Effect.gen(function*() {
  const { url } = yield* HttpServerRequest.HttpServerRequest
  const asked = Schema.decodeUnknown(LastSeconds)(new URL(url, "http://ops").searchParams.get("lastSeconds"))
  const last = yield* Effect.catchTag(asked, "ParseError", () => noWhile)
  const looks = yield* Effect.forEach(
    yield* reconcilers,
    ({ reconcile, service }) => Effect.map(reconcile.look(back(last ?? undefined)), (seen) => ({ service, ...seen }))
  )
  return yield* answer(Looks)({ looks })
})

const repair = Effect.gen(function*() {
  const { ids, lastSeconds } = yield* Effect.catchTag(
    HttpServerRequest.schemaBodyJson(Wished, { onExcessProperty: "error" }),
    "ParseError",
    () => noIds
  )
  const wished = new Set(ids)
  const repairs = yield* Effect.forEach(
    yield* reconcilers,
    ({ reconcile, service }) =>
      Effect.map(reconcile.repair(wished, back(lastSeconds)), (made) => ({ service, ...made }))
  )
  return yield* answer(AllRepairs)({ repairs })
})

/** Compares books, and puts right what is named. Asking twice is safe. */
export const routes = (auth: Auth["Type"]) => {
  const guard = operatorsOnly(auth)
  return HttpRouter.empty.pipe(
    HttpRouter.get("/mismatches", guard(look)),
    HttpRouter.post("/mismatches/repair", guard(repair))
  )
}
