import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Setting from "@quartet/messaging/Setting"
import { Config, Effect, Option } from "effect"

/** Which foreign pages may use a server from within a browser. Source: fetch.spec.whatwg.org, CORS protocol. */
export interface Cors {
  /** The answer to a browser that asks beforehand, which has no token then, about a path that answers these methods. */
  readonly preflight: (
    request: HttpServerRequest.HttpServerRequest,
    methods: () => ReadonlyArray<string>
  ) => Option.Option<HttpServerResponse.HttpServerResponse>
  /** What is added to every answer. */
  readonly fieldsFor: (request: HttpServerRequest.HttpServerRequest) => Readonly<Record<string, string>>
}

const requestFields = ["authorization", "content-type", "idempotency-key", "prefer", "if-none-match", "last-event-id"]
const answerFields = [
  "etag",
  "location",
  "link",
  "retry-after",
  "ratelimit-limit",
  "ratelimit-remaining",
  "ratelimit-reset",
  "idempotent-replayed",
  "preference-applied",
  "x-correlation-id"
]

/** Seconds for which a browser need not ask again. */
const maxAge = 600

const isOrigin = (text: string): boolean => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text

/** `*` is none: whoever may use the server is named. */
export const origins: Config.Config<ReadonlyArray<string>> = Setting.make(
  "CORS_ORIGINS",
  "Expected origins such as https://shop.example, in lower case, separated by commas",
  (text) =>
    Option.liftPredicate(
      text.split(",").map((origin) => origin.trim()).filter((origin) => origin !== ""),
      (origins) => origins.length > 0 && origins.every(isOrigin)
    )
).pipe(Config.withDefault([]))

const of = (origins: ReadonlySet<string>): Cors => {
  const isKnown = ({ headers }: HttpServerRequest.HttpServerRequest) => origins.has(headers["origin"] ?? "")
  // An answer that is not for every origin says so to whoever keeps it.
  const differs: Readonly<Record<string, string>> = origins.size === 0 ? {} : { vary: "Origin" }
  return {
    preflight: (request, methods) =>
      request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined ||
        !isKnown(request)
        ? Option.none()
        : Option.map(Option.liftPredicate(methods(), (known) => known.length > 0), (known) =>
          HttpServerResponse.empty({
            status: 204,
            headers: {
              "access-control-allow-methods": known.join(", "),
              "access-control-allow-headers": requestFields.join(", "),
              "access-control-max-age": String(maxAge)
            }
          })),
    // Without `Access-Control-Allow-Credentials`: who asks is told by a token, never by a cookie.
    fieldsFor: (request) =>
      isKnown(request)
        ? {
          ...differs,
          "access-control-allow-origin": request.headers["origin"] ?? "",
          "access-control-expose-headers": answerFields.join(", ")
        }
        : differs
  }
}

/** The pages of the origins in `CORS_ORIGINS`; none by default. */
export const make = Effect.map(origins, (known) => of(new Set(known)))
