import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as DevelopmentIssuer from "@quartet/hosting/DevelopmentIssuer"
import { Console, Effect, Layer, Schema } from "effect"
import type { Stage } from "./demo/Scenes.ts"
import * as Scenes from "./demo/Scenes.ts"
import { addressOf, Ports } from "./Ports.ts"
import * as Token from "./Token.ts"

const stage = Effect.gen(function*() {
  const ports = yield* Ports
  const at = yield* addressOf
  return {
    customer: { url: at(ports.order), token: yield* Token.forCustomer("demo") },
    operator: yield* Token.forOperator,
    inventory: at(ports.inventory),
    simulator: at(ports.simulator)
  } satisfies Stage
})

/** Nobody answers where the quartet should be. */
export class NotRunning extends Schema.TaggedError<NotRunning>()("NotRunning", { url: Schema.String }) {
  override get message() {
    return `Nothing answers at ${this.url}. Is the quartet running? Start it with: npm start`
  }
}

/** Plays a tour against a running system and prints what happened to each order. */
export const demo = Effect.gen(function*() {
  const where = yield* stage
  yield* Console.log(`\nA tour of the quartet at ${where.customer.url}.`)
  yield* Scenes.success(where)
  yield* Scenes.doubleClick(where)
  yield* Scenes.declined(where)
  yield* Scenes.soldOut(where)
  yield* Scenes.changedMind(where)
  yield* Scenes.tooLate(where)
  yield* Console.log("\nThat was all. Every step above is a row in the order's audit trail.\n")
}).pipe(
  Effect.catchTag("RequestError", ({ request }) => Effect.fail(new NotRunning({ url: request.url }))),
  Effect.provide(Layer.merge(DevelopmentIssuer.layer, NodeHttpClient.layer))
)
