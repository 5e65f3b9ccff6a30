import { Agent, request } from "node:http"
import { performance } from "node:perf_hooks"

/** One request to send, and how long its answer took from the moment it was due, in milliseconds. */
export interface Sent {
  readonly status: number
  readonly milliseconds: number
  readonly body: string
}

export interface Post {
  /** `POST` when absent. */
  readonly method?: "GET" | "POST"
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

// An idle connection is given up before the server does it: one of the two meets a request on its way.
const agent = new Agent({ keepAlive: true, maxSockets: 256, timeout: 3000 })

/** Sends one request; a client that waits behind others counts its waiting too, since it is timed from `due`. */
export const send = ({ body, headers, method = "POST", url }: Post, due = performance.now()): Promise<Sent> =>
  new Promise((resolve, reject) => {
    const sending = request(
      url,
      { method, agent, headers: { ...(method === "POST" ? { "content-type": "application/json" } : {}), ...headers } },
      (answer) => {
        let body = ""
        answer.setEncoding("utf8").on("data", (text: string) => body += text)
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, milliseconds: performance.now() - due, body }))
      }
    )
    sending.on("error", reject)
    sending.end(body)
  })

/** Open loop: so many a second, each sent when it is due whether the ones before it were answered or not. */
export const openLoop = (
  perSecond: number,
  seconds: number,
  next: (index: number) => Post
): Promise<ReadonlyArray<Sent>> => {
  const began = performance.now()
  const total = perSecond * seconds
  const sent: Array<Promise<Sent>> = []
  return new Promise((resolve, reject) => {
    // A generator of load must not be slowed by a runtime of its own.
    // @effect-diagnostics-next-line globalTimers:off
    const tick = setInterval(() => {
      const now = performance.now()
      while (sent.length < total && began + sent.length * 1000 / perSecond <= now) {
        const index = sent.length
        sent.push(send(next(index), began + index * 1000 / perSecond))
      }
      if (sent.length < total) return
      clearInterval(tick)
      Promise.all(sent).then(resolve, reject)
    }, 1)
  })
}

/** Closed loop: so many clients, each sending its next request when the last was answered. */
export const closedLoop = async (
  clients: number,
  total: number,
  next: (index: number) => Post
): Promise<ReadonlyArray<Sent>> => {
  const sent: Array<Sent> = []
  let begun = 0
  const client = async () => {
    while (begun < total) sent.push(await send(next(begun++)))
  }
  await Promise.all(Array.from({ length: clients }, client))
  return sent
}
