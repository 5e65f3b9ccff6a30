import type { Scope } from "effect"
import { Effect } from "effect"
import type { IncomingMessage } from "node:http"
import { Agent, createServer, request as forward } from "node:http"

/** What stands between the payment service and its provider: it holds back the calls of some, and counts those of all. */
export interface SlowProvider {
  readonly url: string
  /** Where calls go on to. */
  readonly towards: (port: number) => void
  /** How long a charge of this card is held back, in milliseconds. */
  readonly holdBack: (card: string, milliseconds: number) => void
  /** How many charges were held back. */
  readonly held: () => number
  /** How many requests the provider got about each order. */
  readonly requests: ReadonlyMap<string, number>
}

const orderIdIn = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/

const bodyOf = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of message) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

export const slowProvider: Effect.Effect<SlowProvider, never, Scope.Scope> = Effect.gen(function*() {
  const requests = new Map<string, number>()
  const orderOfIntent = new Map<string, string>()
  const delays = new Map<string, number>()
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  let [port, held] = [0, 0]

  const count = (path: string, body: string): string | undefined => {
    const named = new URLSearchParams(body).get("metadata[orderId]") ?? orderIdIn.exec(decodeURIComponent(path))?.[0]
    const orderId = named ?? orderOfIntent.get(/pi_[A-Za-z0-9]+/.exec(path)?.[0] ?? "")
    if (orderId !== undefined) requests.set(orderId, 1 + (requests.get(orderId) ?? 0))
    return orderId
  }
  const delayOf = (body: string): number => delays.get(new URLSearchParams(body).get("payment_method") ?? "") ?? 0

  const server = createServer(async (incoming, outgoing) => {
    const { headers, method = "GET", url = "/" } = incoming
    const body = await bodyOf(incoming)
    const text = body.toString("utf8")
    const orderId = count(url, text)
    const delay = delayOf(text)
    const pass = () => {
      const onward = forward({ host: "127.0.0.1", port, method, path: url, headers, agent }, async (answer) => {
        const whole = await bodyOf(answer)
        const intentId = /"id":"(pi_[A-Za-z0-9]+)"/.exec(whole.toString("utf8"))?.[1]
        if (orderId !== undefined && intentId !== undefined) orderOfIntent.set(intentId, orderId)
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(whole)
      })
      onward.on("error", () => incoming.socket.destroy())
      onward.end(body)
    }
    if (delay === 0) return pass()
    held += 1
    // What measures must not be slowed by a runtime of its own.
    // @effect-diagnostics-next-line globalTimers:off
    setTimeout(pass, delay)
  })
  yield* Effect.acquireRelease(
    Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.async<void>((resume) => {
        agent.destroy()
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const address = server.address()
  const ours = typeof address === "object" && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${ours}`,
    towards: (provider: number) => port = provider,
    holdBack: (card: string, milliseconds: number) => delays.set(card, milliseconds),
    held: () => held,
    requests
  }
})
