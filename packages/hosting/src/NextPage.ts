import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect } from "effect"

/**
 * Says in the page's `Link` header where the next one is, if there is one: the same path and the same filters, from its
 * `nextCursor` on. The URL has no host, since a proxy may have another name than we do. Source: RFC 8288, §3.
 */
export const linked = <Page extends { readonly nextCursor?: string | undefined }>(
  page: Page
): Effect.Effect<Page, never, HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function*() {
    const { nextCursor } = page
    if (nextCursor === undefined) return page
    const { originalUrl } = yield* HttpServerRequest.HttpServerRequest
    const link = `<${urlOf(originalUrl, nextCursor)}>; rel="next"`
    yield* HttpApp.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.setHeader(response, "link", link))
    )
    return page
  })

const urlOf = (asked: string, cursor: string): string => {
  const { pathname, searchParams } = new URL(asked, "http://edge")
  searchParams.set("cursor", cursor)
  return `${pathname}?${searchParams.toString()}`
}
