import { ServerUrl } from "@quartet/hosting/HttpServer"
import { Effect, Option, Queue, Schema } from "effect"
import type { IncomingMessage } from "node:http"
import { request } from "node:http"
import { tokenOf } from "./Edge.ts"

/** How a stream is asked for. */
export interface Following {
  readonly as: string
  /** The `id` of the event that was heard last. */
  readonly after?: string
}

const Data = Schema.parseJson(Schema.Struct({
  version: Schema.Int,
  from: Schema.NullOr(Schema.String),
  to: Schema.String,
  event: Schema.String,
  actor: Schema.String,
  order: Schema.optional(Schema.Struct({ status: Schema.String, version: Schema.Int, refund: Schema.String }))
}))

/** One event as a client of the standard reads it. Source: WHATWG HTML, §9.2.6. */
const read = (block: string) => {
  const fields = new Map(
    block.split("\n").map((line) => {
      const [name = "", ...rest] = line.split(": ")
      return [name, rest.join(": ")]
    })
  )
  return {
    id: fields.get("id") ?? "",
    event: fields.get("event") ?? "",
    data: Schema.decodeSync(Data)(fields.get("data") ?? "")
  }
}

const answer = (url: string, headers: Readonly<Record<string, string>>) =>
  Effect.async<IncomingMessage>((resume) => {
    const call = request(url, { agent: false, headers })
    call.once("response", (response) => resume(Effect.succeed(response)))
    call.once("error", (error) => resume(Effect.die(error)))
    call.end()
  })

/** Opens a stream of the order, and closes it with the scope. */
export const follow = Effect.fnUntraced(function*(orderId: string, { after, as }: Following) {
  const url = `${yield* ServerUrl}/orders/${orderId}/events`
  const headers = { authorization: `Bearer ${yield* tokenOf(as)}` }
  const blocks = yield* Queue.unbounded<Option.Option<string>>()
  const response = yield* Effect.acquireRelease(
    answer(url, after === undefined ? headers : { ...headers, "last-event-id": after }),
    (response) => Effect.sync(() => response.destroy())
  )
  let text = ""
  response.setEncoding("utf8").on("data", (part: string) => {
    const parts = `${text}${part}`.split("\n\n")
    text = parts.pop() ?? ""
    parts.forEach((block) => blocks.unsafeOffer(Option.some(block)))
  }).on("error", () => {}).on("close", () => blocks.unsafeOffer(Option.none()))

  /** The next block but for comments, and none at the end. */
  const block = Effect.repeat(Queue.take(blocks), { while: Option.contains(":") })
  /** The next events. */
  const next = (count: number) =>
    Effect.replicateEffect(Effect.map(block, (found) => read(Option.getOrThrow(found))), count)
  return { status: response.statusCode, headers: response.headers, isWhole: () => response.complete, block, next }
})

/** The ids of events. */
export const ids = (events: ReadonlyArray<{ readonly id: string }>): ReadonlyArray<string> => events.map(({ id }) => id)
