import { Deferred, Effect } from "effect"
import { Worker } from "node:worker_threads"

const program = `
const { parentPort, workerData: { port, inside, callers } } = require("node:worker_threads")
const { connect } = require("node:net")
let answered = 0
let gone = 0
const knock = () => {
  let heard = false
  const socket = connect(port, "127.0.0.1", () => {
    Atomics.add(inside, 0, 1)
    Atomics.notify(inside, 0)
    socket.write("GET /orders/1 HTTP/1.1\\r\\nHost: here\\r\\nConnection: close\\r\\n\\r\\n")
  })
  socket.on("data", () => heard = true)
  socket.on("error", () => {})
  socket.on("close", () => {
    gone += 1
    if (heard) answered += 1
    if (gone === callers) parentPort.postMessage(answered)
  })
}
for (let i = 0; i < callers; i++) knock()
`

/**
 * So many callers, each let in by the kernel while this thread does nothing else, so that nobody here has heard of them yet
 * when this returns. The effect inside tells how many got an answer.
 */
export const knocking = (port: number, callers: number) =>
  Effect.gen(function*() {
    const answered = yield* Deferred.make<number>()
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const inside = new Int32Array(new SharedArrayBuffer(4))
        const worker = new Worker(program, { eval: true, workerData: { port, inside, callers } })
        worker.once("message", (count: number) => Deferred.unsafeDone(answered, Effect.succeed(count)))
        for (let known = 0; known < callers; known = Atomics.load(inside, 0)) Atomics.wait(inside, 0, known, 10_000)
        return worker
      }),
      (worker) => Effect.promise(() => worker.terminate())
    )
    return Deferred.await(answered)
  })
