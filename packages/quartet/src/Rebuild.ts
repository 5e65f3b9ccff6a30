import * as Command from "@effect/cli/Command"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as RebuildRoutes from "@quartet/hosting/RebuildRoutes"
import { Console, Effect } from "effect"
import { ask, given, hasNoDesk, NobodyThere } from "./Desks.ts"
import { urls } from "./ParkedCommand.ts"

const at = (method: "GET" | "POST") => (url: string) =>
  ask({ method, url: `${url}/rebuilds` }, RebuildRoutes.Rebuilds).pipe(Effect.map(({ rebuilds }) => rebuilds))

/** The first process that has a read model; its replicas share one with it. */
const keeper = Effect.fn("Rebuild.keeper")(function*(urls: ReadonlyArray<string>) {
  const all = (urls.length === 0 ? yield* given : urls).map((url) => url.replace(/\/+$/, ""))
  for (const url of all) {
    const found = yield* at("GET")(url).pipe(Effect.catchIf(hasNoDesk, () => Effect.succeed([])))
    if (found.length > 0) return url
  }
  return yield* new NobodyThere({ urls: all })
})

/** Has the lists made again, and waits for it. Ended early it is done without us; asked for again it begins anew. */
export const rebuild = Effect.fn("Rebuild.rebuild")(function*(urls: ReadonlyArray<string>) {
  const url = yield* keeper(urls)
  yield* at("POST")(url)
  yield* Console.log("The lists are empty, and are filled again from the orders.")
  const ended = yield* Effect.repeat(Effect.delay(at("GET")(url), "200 millis"), {
    while: (rebuilds) => rebuilds.some(({ isUnderWay }) => isUnderWay)
  })
  const orders = ended.reduce((sum, { copied }) => sum + copied, 0)
  yield* Console.log(`Orders in the lists again: ${orders}.`)
}, Effect.provide(NodeHttpClient.layer))

/** `quartet rebuild` */
export const command = Command.make("rebuild", { urls }, ({ urls }) => rebuild(urls)).pipe(
  Command.withDescription("Makes the lists of orders again, from the orders, while everything runs. Twice is harmless.")
)
