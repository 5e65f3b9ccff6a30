import type { OrderView } from "@quartet/contracts/OrderView"
import { Console, Effect, Redacted } from "effect"
import type { ClientRequest } from "node:http"
import { Agent, get } from "node:http"
import * as Customer from "quartet/demo/Customer"
import { Quartet } from "../support/Quartet.ts"
import * as QuartetProcess from "../support/Quartet.ts"
import { newProduct } from "../support/Shop.ts"
import { customers } from "./Customers.ts"
import { closedLoop, openLoop } from "./load.ts"
import { bound, cost, percentile } from "./Measured.ts"
import { placing } from "./Processes.ts"
import { resident } from "./Usage.ts"

const screens = 2000
/** Clients that open their streams at once; the rest waits its turn. */
const atOnce = 50
const watched = 100
const perSecond = 50
/** Without and with the streams by turns, so that whatever else the machine does meets both alike. */
const rounds = 4
const seconds = 15
const warmUp = 3000
const settling = 1000

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })

/** A client that has been told what happened so far, and now only listens. */
const listening = ({ token, url }: Customer.Customer, { id }: Pick<OrderView, "id">) =>
  Effect.async<ClientRequest>((resume) => {
    const request = get(`${url}/orders/${id}/events`, {
      agent,
      headers: { accept: "text/event-stream", authorization: `Bearer ${Redacted.value(token)}` }
    }, (answer) => {
      if (answer.statusCode !== 200) {
        return resume(Effect.dieMessage(`A stream was answered with ${answer.statusCode}.`))
      }
      return answer.once("data", () => resume(Effect.succeed(request))).resume()
    })
    request.once("error", (error) => resume(Effect.die(error)))
  })

/** As many clients as there are streams, until the scope closes. */
const open = Effect.fnUntraced(function*(customerOf: (index: number) => Customer.Customer, sku: string) {
  const orders = yield* Effect.forEach(
    Array.from({ length: watched }),
    (_, index) =>
      Effect.map(Customer.place(customerOf(index), sku, 1), (order) => ({ customer: customerOf(index), order })),
    { concurrency: 8 }
  )
  yield* Effect.forEach(
    Array.from({ length: screens / watched }, () => orders).flat(),
    ({ customer, order }) =>
      Effect.acquireRelease(listening(customer, order), (request) => Effect.sync(() => request.destroy())),
    { concurrency: atOnce, discard: true }
  )
})

/** Screens on which nothing moves: what they take of memory, and of everybody else's time. */
export const streams = Effect.gen(function*() {
  const customerOf = yield* customers
  const sku = yield* newProduct(1_000_000)
  const { pid } = yield* (yield* Quartet).running
  const next = (index: number) => placing(customerOf(index), sku)
  yield* Effect.promise(() => closedLoop(16, warmUp, next))
  const paced = Effect.gen(function*() {
    // To open or close so many streams is work of its own, which ends meanwhile.
    yield* Effect.promise(() => closedLoop(16, settling, next))
    const sent = yield* Effect.promise(() => openLoop(perSecond, seconds, next))
    const refused = sent.filter(({ status }) => status !== 201).length
    if (refused > 0) yield* Console.log(`  ${refused} requests were refused`)
    return sent.map(({ milliseconds }) => milliseconds)
  })
  const besideStreams = Effect.scoped(Effect.gen(function*() {
    const before = yield* resident(pid)
    yield* open(customerOf, sku)
    const memory = (yield* resident(pid)) - before
    return { memory, times: yield* paced }
  }))
  const turns = yield* Effect.replicateEffect(Effect.all({ without: paced, beside: besideStreams }), rounds)
  const p99 = (times: ReadonlyArray<number>) => percentile(times, 0.99)
  // Once its streams are closed, a process keeps their room for the next ones: the first turn alone tells what they take.
  const [memory = Number.NaN] = turns.map(({ beside }) => beside.memory)
  const [without, beside] = [turns.flatMap((turn) => turn.without), turns.flatMap((turn) => turn.beside.times)]
  return [
    bound(`${screens.toLocaleString("en")} idle streams, more memory resident`, "MiB", memory, 100),
    cost(`POST /orders at ${perSecond}/s beside them, p99`, "ms", p99(beside), p99(without), 1.25)
  ]
}).pipe(Effect.provide(QuartetProcess.layer()))
