import { Config, Effect, Schema } from "effect"
import { opsPorts } from "./Ports.ts"
import type { Ask } from "./Shop.ts"
import { demand } from "./Shop.ts"
import * as Token from "./Token.ts"

/** Nobody answers where operators are to be heard. */
export class NobodyThere
  extends Schema.TaggedError<NobodyThere>()("NobodyThere", { urls: Schema.Array(Schema.String) })
{
  override get message() {
    return `Nobody answers at ${this.urls.join(", ")}. Is the quartet running? OPS_URL says where operators reach it.`
  }
}

/** Who keeps parked messages, and where operators are heard when nothing is set. */
const desks = [
  { service: "order", port: opsPorts.order },
  { service: "payment", port: opsPorts.payment },
  { service: "inventory", port: opsPorts.inventory },
  { service: "warehouse", port: opsPorts.warehouse }
]
export const services = desks.map(({ service }) => service)
const usual = desks.map(({ port }) => `http://127.0.0.1:${port}`)

/** Where operators are heard: `OPS_URL`, or this machine's usual ports. */
export const given = Config.nonEmptyString("OPS_URL").pipe(
  Config.map((urls) => urls.split(",").map((url) => url.trim()).filter((url) => url !== "")),
  Config.withDefault(usual)
)

/** Asks as an operator. */
export const ask = Effect.fnUntraced(function*<A, I>(request: Ask, answer: Schema.Schema<A, I>) {
  return yield* demand({ ...request, token: yield* Token.ofOperator }, answer)
})

/** Nobody answers, or somebody who parks nothing, as the provider's stand-in. */
export const hasNoDesk = (error: { readonly _tag: string; readonly status?: number }): boolean =>
  error._tag === "RequestError" || (error._tag === "Unexpected" && error.status === 404)
