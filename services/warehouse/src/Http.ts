import { HttpApiBuilder } from "@effect/platform"
import { Principal } from "@quartet/contracts/Authorization"
import type { OrderId } from "@quartet/contracts/Ids"
import { authorization, requireScope } from "@quartet/hosting/Auth"
import { Correlation } from "@quartet/hosting/Correlation"
import { linked } from "@quartet/hosting/NextPage"
import * as Problem from "@quartet/hosting/Problem"
import { replyOf, requested } from "@quartet/messaging/Request"
import { Effect, Layer, Option } from "effect"
import { WarehouseActor } from "./Actor.ts"
import { shipmentNotFound, shipmentNotReady, shipmentStopped, WarehouseApi } from "./Api.ts"
import { Dispatch } from "./domain/Command.ts"
import { WarehouseViews } from "./Views.ts"

const operator = requireScope("operator")

const find = Effect.fn("WarehouseHttp.find")(function*(orderId: OrderId) {
  const found = yield* Effect.flatMap(WarehouseViews, (views) => Effect.orDie(views.find(orderId)))
  return yield* Option.match(found, {
    onNone: () => Problem.fail(shipmentNotFound, `Nothing is known here of order ${orderId}.`),
    onSome: Effect.succeed
  })
})

const dispatch = Effect.fn("WarehouseHttp.dispatch")(function*(orderId: OrderId) {
  const { subject } = yield* Principal
  const actor = yield* WarehouseActor
  const by = `operator:${subject}`
  const outcome = yield* actor.ask(requested(Dispatch.make({ orderId }), { by, correlationId: yield* Correlation }))
  yield* replyOf(outcome).pipe(Effect.catchTags({
    ShipmentNotReady: ({ message }) => Problem.fail(shipmentNotReady, message),
    ShipmentStopped: ({ message }) => Problem.fail(shipmentStopped, message),
    Unavailable: Effect.die
  }))
})

/** Which command is this request? */
const shipments = HttpApiBuilder.group(WarehouseApi, "shipments", (handlers) =>
  handlers
    .handle("list", ({ urlParams: { cursor, limit, status } }) =>
      Effect.gen(function*() {
        yield* operator
        const views = yield* WarehouseViews
        const rows = yield* Effect.orDie(views.list({
          status: Option.fromNullable(status),
          after: Option.fromNullable(cursor),
          limit: limit + 1
        }))
        const items = rows.slice(0, limit)
        const last = items.at(-1)
        return yield* linked(
          rows.length > limit && last !== undefined ? { items, nextCursor: last.orderId } : { items }
        )
      }))
    .handle("find", ({ path }) => Effect.zipRight(operator, find(path.orderId)))
    .handle(
      "dispatch",
      ({ path }) => operator.pipe(Effect.zipRight(dispatch(path.orderId)), Effect.zipRight(find(path.orderId)))
    ))

/** What operators may ask, and who they must be. */
export const api = HttpApiBuilder.api(WarehouseApi).pipe(Layer.provide(shipments), Layer.provide(authorization))
