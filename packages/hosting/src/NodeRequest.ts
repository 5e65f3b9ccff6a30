import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import * as IncomingMessage from "@effect/platform/HttpIncomingMessage"
import { isHttpMethod } from "@effect/platform/HttpMethod"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as UrlParams from "@effect/platform/UrlParams"
import { Effect, Inspectable, Option, Stream } from "effect"
import type { IncomingMessage as Source } from "node:http"
import { parse, withoutCardNumber } from "./JsonText.ts"

/** What was changed of a request on its way to a handler. */
interface Changes {
  readonly url?: string
  readonly headers?: Headers.Headers
  readonly remoteAddress?: string
}

const nothing = new Uint8Array()

// It keeps nothing from one text to the next, and to make one takes longer than to use it.
const utf8 = new TextDecoder("utf-8", { fatal: true })
const onlyJson = Effect.dieMessage("Bodies are JSON here.")

/**
 * A request whose body is in memory once it was received, as the platform's handlers see it. The platform's own reads the
 * body from its socket when it is asked for, which has no limit that is answered, and copies what nobody asks for.
 */
export class NodeRequest extends Inspectable.Class implements HttpServerRequest.HttpServerRequest {
  readonly [HttpServerRequest.TypeId]: HttpServerRequest.TypeId = HttpServerRequest.TypeId
  readonly [IncomingMessage.TypeId]: IncomingMessage.TypeId = IncomingMessage.TypeId
  readonly url: string
  readonly headers: Headers.Headers
  private bytes: Uint8Array = nothing
  private words = ""

  constructor(readonly source: Source, private readonly changes: Changes = {}) {
    super()
    this.url = changes.url ?? source.url ?? "/"
    this.headers = changes.headers ?? Headers.fromInput(source.headers)
  }

  /** Takes the whole body; refuses one that is not UTF-8. */
  receive(bytes: Uint8Array): boolean {
    try {
      this.words = utf8.decode(bytes)
      this.bytes = bytes
      return true
    } catch {
      return false
    }
  }

  get originalUrl() {
    return this.source.url ?? "/"
  }

  /** One that the platform does not know is answered by no route, as those are that it knows. */
  get method() {
    const method = this.source.method ?? ""
    return isHttpMethod(method) ? method : "OPTIONS"
  }

  get remoteAddress() {
    return Option.fromNullable(this.changes.remoteAddress ?? this.source.socket.remoteAddress)
  }

  get cookies() {
    return Cookies.parseHeader(this.headers["cookie"] ?? "")
  }

  get text() {
    return Effect.succeed(this.words)
  }

  /** What is no JSON the edge answers, and what holds a card number, which nobody behind it ever sees. */
  get json() {
    return Effect.orDie(Effect.tap(parse(this.words), withoutCardNumber))
  }

  get arrayBuffer() {
    return Effect.sync(() => new Uint8Array(this.bytes).buffer)
  }

  get stream() {
    return Stream.suspend(() => Stream.make(this.bytes))
  }

  get urlParamsBody() {
    return Effect.sync(() => UrlParams.fromInput(new URLSearchParams(this.words)))
  }

  readonly multipart = onlyJson
  readonly multipartStream = Stream.fromEffect(onlyJson)
  readonly upgrade = Effect.dieMessage("Nothing is upgraded here.")

  modify(changes: Changes) {
    const changed = new NodeRequest(this.source, { ...this.changes, ...changes })
    changed.bytes = this.bytes
    changed.words = this.words
    return changed
  }

  toJSON() {
    return { _id: "@quartet/hosting/NodeRequest", method: this.method, url: this.originalUrl }
  }
}
