import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Cookies from "@effect/platform/Cookies"
import type * as HttpBody from "@effect/platform/HttpBody"
import type { HttpServerResponse } from "@effect/platform/HttpServerResponse"
import type { OutgoingHttpHeaders, ServerResponse } from "node:http"
import { Readable } from "node:stream"

type Fields = Readonly<Record<string, string>>

/** Whether the answer goes on after its handler has ended, so that what it holds is given back when it is over. */
export const goesOn = ({ body }: HttpServerResponse): boolean =>
  body._tag === "Stream" || (body._tag === "Raw" && body.body instanceof Readable)

/** Sends the answer with these fields. Whoever does not read it is not waited for. */
export const send = (
  outgoing: ServerResponse,
  response: HttpServerResponse,
  fields: Fields
): void => {
  const { body, cookies, status } = response
  const headers: OutgoingHttpHeaders = { ...fields }
  if (!Cookies.isEmpty(cookies)) headers["set-cookie"] = Cookies.toSetCookieHeaders(cookies)
  const content = contentOf(body)
  if (typeof content === "string") headers["content-length"] = Buffer.byteLength(content)
  outgoing.writeHead(status, headers)
  if (content === undefined || outgoing.req.method === "HEAD") outgoing.end()
  else if (content instanceof Readable) pipe(content, outgoing)
  else outgoing.end(content)
}

/** Text, bytes, or what is read while it comes. */
type Content = string | Uint8Array | Readable | undefined

const contentOf = (body: HttpBody.HttpBody): Content => {
  switch (body._tag) {
    case "Empty":
      return undefined
    case "Uint8Array":
      return body.body
    case "Stream":
      return NodeStream.toReadableNever(body.stream)
    case "Raw":
      if (typeof body.body === "string" || body.body instanceof Readable) return body.body
      throw new TypeError("An answer is text, bytes or a stream.")
    case "FormData":
      throw new TypeError("No answer is a form.")
  }
}

/** A caller who leaves ends the source, and a source that breaks ends the connection: the caller must not take it for whole. */
const pipe = (content: Readable, outgoing: ServerResponse): void => {
  outgoing.once("close", () => content.destroy())
  content.once("error", () => outgoing.destroy())
  content.pipe(outgoing)
}
