import { FastCheck, Schema } from "effect"
import { readFileSync } from "node:fs"
import { v7 } from "uuid"
import { cardNumber, nasty, nastyText, pick, sometimes, spoilt, torn } from "./Nasty.ts"

const Parameter = Schema.Struct({ name: Schema.String, in: Schema.Literal("path", "query", "header") })
const Operation = Schema.Struct({
  operationId: Schema.String,
  parameters: Schema.optionalWith(Schema.Array(Parameter), { default: () => [] }),
  requestBody: Schema.optional(Schema.Unknown)
})
const Document = Schema.parseJson(
  Schema.Struct({
    paths: Schema.Record({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Operation }) })
  })
)

/** What the document says can be asked. */
export const operations = Object.entries(
  Schema.decodeSync(Document)(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8")).paths
).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })))

/** One request, right or wrong. */
export interface Attempt {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string>>>
  readonly body: string | Uint8Array | undefined
  /** Whose order it is about, if it is about one. */
  readonly orderId: string | undefined
}

/** What there is to ask about. */
export interface Known {
  readonly token: string
  readonly orders: ReadonlyArray<string>
  readonly sku: string
}

const bodies = ({ sku }: Known): Readonly<Record<string, unknown>> => ({
  "orders.place": { lines: [{ sku, quantity: 1 }] },
  "orders.pay": { paymentMethodId: "pm_card_visa" }
})

const fields: Readonly<Record<string, () => string>> = {
  "idempotency-key": v7,
  prefer: () => "wait=0",
  "if-none-match": () => "\"1\"",
  "last-event-id": () => "1000000"
}

const headersOf = (g: FastCheck.GeneratorValue, known: Known, names: ReadonlyArray<string>) => {
  const headers: Record<string, string | ReadonlyArray<string>> = {}
  for (const name of names) {
    if (sometimes(g, 5)) continue
    const right = fields[name]?.() ?? "x"
    const wrong = pick(g, nastyText)
    headers[name] = sometimes(g, 4) ? wrong : sometimes(g, 8) ? [right, wrong] : right
  }
  if (!sometimes(g, 8)) {
    const forged = [`${known.token}x`, known.token.slice(0, -9), `${cardNumber}.e30.`, ...nastyText]
    headers["authorization"] = `Bearer ${sometimes(g, 8) ? pick(g, forged) : known.token}`
  }
  const strangers = [
    "x-correlation-id",
    "traceparent",
    "accept",
    "content-encoding",
    "expect-nothing",
    "x-http-method-override"
  ]
  if (sometimes(g, 3)) headers[pick(g, strangers)] = pick(g, nastyText)
  return headers
}

const bodyOf = (g: FastCheck.GeneratorValue, right: unknown): string | Uint8Array => {
  const value = sometimes(g, 3) ? right : spoilt(g, right)
  const text = JSON.stringify(value) ?? ""
  return sometimes(g, 5) ? torn(g, text) : text
}

/** Attempts at one operation each, most of them wrong somewhere; the same seed makes the same ones. */
export const attempts = (known: Known) =>
  FastCheck.gen().map((g): Attempt => {
    const operation = pick(g, operations)
    const orderId = pick(g, known.orders)
    const named = (name: string) => name === "sku" ? known.sku : orderId
    const wrongly = sometimes(g, 4)
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      wrongly ? encoded(pick(g, nastyText)) : named(name))
    const names = (place: string) =>
      operation.parameters.filter((one) => one.in === place).map(({ name }) => name)
    const query = names("query").flatMap((name) =>
      sometimes(g, 2) ? [`${name}=${encoded(String(pick(g, nasty)))}`] : []
    )
    const headers = headersOf(g, known, names("header"))
    const right = bodies(known)[operation.operationId]
    const hasBody = right !== undefined || sometimes(g, 6)
    const type = sometimes(g, 8)
      ? pick(g, ["text/plain", "application/xml", "", "a/b; charset=x"])
      : "application/json"
    return {
      method: sometimes(g, 12)
        ? pick(g, ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
        : operation.method,
      path: query.length === 0 ? path : `${path}?${query.join("&")}`,
      headers: hasBody ? { ...headers, "content-type": type } : headers,
      body: hasBody ? bodyOf(g, right ?? {}) : undefined,
      orderId: operation.path.includes("{id}") && !wrongly ? orderId : undefined
    }
  })

/** As far as a URL can say it: half a surrogate pair is said as the bytes that it would have. */
const encoded = (text: string): string =>
  /\p{Cs}/u.test(text) ? "%ed%a0%80" : text.startsWith("%") ? text : encodeURIComponent(text)
