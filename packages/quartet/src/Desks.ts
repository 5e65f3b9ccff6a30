import * as Settings from "@quartet/hosting/Settings"
import * as Setting from "@quartet/messaging/Setting"
import { parseUrl } from "@quartet/messaging/Setting"
import { Config, Effect, Option, Schema } from "effect"
import { addressOf, opsPorts } from "./Ports.ts"
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

/** `OPS_PORT`, as the server that set it; else where each process of its own is heard, `npm start` as the first of them. */
const usual = Config.all({ addressOf, set: Config.option(Settings.setPort("OPS_PORT")) }).pipe(
  Config.map(({ addressOf, set }) =>
    Option.match(set, { onNone: () => desks.map(({ port }) => addressOf(port)), onSome: (port) => [addressOf(port)] })
  )
)

const isUrl = (text: string) => Option.isSome(parseUrl(text, ["http", "https"]))

/** Where operators are heard: `OPS_URL`, else the ports that its server reads. */
export const given: Config.Config<ReadonlyArray<string>> = Config.all({
  usual,
  set: Config.option(
    Setting.make(
      "OPS_URL",
      "Expected URLs that begin with http:// or https://, with commas",
      (text) =>
        Option.liftPredicate(
          text.split(",").map((url) => url.trim()).filter((url) => url !== ""),
          (urls) => urls.length > 0 && urls.every(isUrl)
        )
    )
  )
}).pipe(Config.map(({ set, usual }) => Option.getOrElse(set, () => usual)))

/** Asks as an operator. */
export const ask = Effect.fnUntraced(function*<A, I>(request: Ask, answer: Schema.Schema<A, I>) {
  return yield* demand({ ...request, token: yield* Token.ofOperator }, answer)
})

/** Nobody answers, or somebody who parks nothing, as the provider's stand-in. */
export const hasNoDesk = (error: { readonly _tag: string; readonly status?: number }): boolean =>
  error._tag === "RequestError" || (error._tag === "Unexpected" && error.status === 404)
