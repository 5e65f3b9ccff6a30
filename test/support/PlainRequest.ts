import { Effect, Redacted, Schema } from "effect"
import { request } from "node:http"
import { connect } from "node:net"
import type * as Customer from "quartet/demo/Customer"

/** What came back, to the byte. Fields of one name are joined. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What is sent beside the method and the path; a field of several values is sent as often. */
export interface Sending {
  readonly body?: string
  readonly headers?: Readonly<Record<string, string | ReadonlyArray<string>>>
}

/** A customer, or whoever else calls at this URL. */
export type Caller = Pick<Customer.Customer, "url"> & Partial<Customer.Customer>

/** What goes over the wire and nothing else: a client would add headers of its own. */
export const send = ({ token, url }: Caller, method: string, path: string, { body, headers = {} }: Sending = {}) =>
  Effect.async<Answer>((resume) => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${Redacted.value(token)}` }
    const fields = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]])
    )
    const call = request(`${url}${path}`, { method, agent: false, headers: { ...authorization, ...fields } })
    call.once("response", (response) => {
      const chunks: Array<string> = []
      response.setEncoding("utf8").on("data", (text: string) => chunks.push(text)).once("end", () => {
        const sent = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
        resume(Effect.succeed({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(sent),
          body: chunks.join("")
        }))
      })
    })
    call.once("error", (error) => resume(Effect.die(error)))
    call.end(body)
    return Effect.sync(() => void call.removeAllListeners("error").on("error", () => {}).destroy())
  })

/** Writes this text on a connection of its own; returns what came back until the server ended it. */
export const write = ({ url }: Caller, text: string) =>
  Effect.async<string>((resume) => {
    const { hostname, port } = new URL(url)
    const said: Array<string> = []
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket.setEncoding("utf8").on("data", (some: string) => said.push(some)).on("error", () => {}).once("close", () =>
      resume(Effect.succeed(said.join(""))))
    return Effect.sync(() =>
      void socket.destroy()
    )
  })

/** What a body of JSON is sent with. */
export const json = { "content-type": "application/json" }

/** The fields of an answer that are its own: when it was given, its name, and how many more there may be. */
const own = { "date": "", "x-correlation-id": "", "ratelimit-remaining": "", "ratelimit-reset": "" }

/** What two answers that nobody can tell apart have in common: all but their own fields and names. */
export const told = ({ body, headers, status }: Answer) => ({
  status,
  headers: { ...headers, ...own },
  body: body.replace(/"correlationId":"[^"]*"/, "")
})

const Problem = Schema.parseJson(Schema.Struct({
  type: Schema.String,
  title: Schema.String,
  status: Schema.Int,
  detail: Schema.String,
  help: Schema.String,
  correlationId: Schema.String,
  errors: Schema.optionalWith(
    Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String })),
    { default: () => [] }
  )
}))

/** The problem document of an answer. */
export const problemIn = ({ body }: Answer) => Schema.decode(Problem)(body)

/** Its status and its name, such as `404 order-not-found`. */
export const nameOf = (answer: Answer) =>
  Effect.map(problemIn(answer), ({ type }) => `${answer.status} ${type.split(":").at(-1) ?? ""}`)
