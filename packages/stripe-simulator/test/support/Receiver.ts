import { Effect, Queue } from "effect"
import { createServer } from "node:http"

/** One delivery as it arrived. */
export interface Received {
  readonly signature: string
  readonly body: string
}

export interface Receiver {
  readonly url: string
  /** The next delivery, waited for. */
  readonly next: Effect.Effect<Received>
  /** All that has arrived and was not asked for yet. */
  readonly all: Effect.Effect<ReadonlyArray<Received>>
  /** The status of each coming answer; when none is left, 200. `0` breaks the connection. */
  readonly answers: Array<number>
}

/** The types of the next so many events, in alphabetical order: they come in any. */
export const told = (receiver: Receiver, count: number): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(
    Effect.replicateEffect(receiver.next, count),
    (received) => received.map(({ body }) => /"type":"([a-z_]+\.[a-z_.]+)"/.exec(body)?.[1] ?? "").toSorted()
  )

/** An address that takes webhooks. */
export const make = Effect.gen(function*() {
  const arrived = yield* Queue.unbounded<Received>()
  const answers: Array<number> = []
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const status = answers.shift() ?? 200
      if (status === 0) {
        request.socket.resetAndDestroy()
      } else {
        response.writeHead(status).end("{}")
      }
      const body = Buffer.concat(chunks).toString("utf8")
      Queue.unsafeOffer(arrived, { signature: String(request.headers["stripe-signature"]), body })
    })
  })
  const port = yield* Effect.acquireRelease(
    Effect.async<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    }),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/webhooks/stripe`,
    next: Queue.take(arrived).pipe(Effect.timeout("4 seconds"), Effect.orDie),
    all: Effect.map(Queue.takeAll(arrived), (chunk) => [...chunk]),
    answers
  }
  return receiver
})
