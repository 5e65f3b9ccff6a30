import { Effect } from "effect"
import { Agent, request } from "node:http"
import type { Attempt } from "./Fuzz.ts"

/** What came back, or that nothing did in time. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Connections that are kept, so many at most. */
export const agent = Effect.acquireRelease(
  Effect.sync(() => new Agent({ keepAlive: true, maxSockets: 16 })),
  (agent) => Effect.sync(() => agent.destroy())
)

/** No client library between: what it would refuse to send is what servers stumble over. Nothing if Node itself refuses. */
export const send = (agent: Agent, url: string, { body, headers, method, path }: Attempt) =>
  Effect.async<Reply | undefined>((resume) => {
    try {
      const { hostname, port } = new URL(url)
      const fields = fieldsOf(headers, body)
      const call = request({ agent, hostname, port, path, method: method.toUpperCase(), headers: fields })
      call.once("response", (response) => {
        const { headers, statusCode: status = 0 } = response
        // A stream goes on for as long as its order does.
        if (headers["content-type"]?.startsWith("text/event-stream") === true) {
          call.removeAllListeners("error").on("error", () => {}).destroy()
          return resume(Effect.succeed({ status, headers, body: "" }))
        }
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.once("end", () =>
          resume(Effect.succeed({
            status,
            headers,
            body: Buffer.concat(chunks).toString("utf8")
          })))
      })
      call.once(
        "error",
        (error) => resume(Effect.die(new Error(`${method} ${path} ${JSON.stringify(headers)}`, { cause: error })))
      )
      call.end(body)
      return Effect.sync(() => void call.removeAllListeners("error").on("error", () => {}).destroy())
    } catch {
      return resume(Effect.succeed(undefined))
    }
  })

/** With its length: Node sends the body of a `HEAD` or `DELETE` without, and the server reads it as the next request. */
const fieldsOf = (headers: Attempt["headers"], body: Attempt["body"]) => ({
  ...Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]])
  ),
  ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) })
})
