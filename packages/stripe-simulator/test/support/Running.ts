import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { request } from "node:http"
import { Stripe } from "stripe"
import * as Simulator from "../../src/Simulator.ts"

export const apiKey = "sk_test_Quartet1234"

export const webhookSecret = "whsec_conformance"

export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly text: string
  readonly json: unknown
}

interface RawRequest {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Hangs up. */
  readonly signal?: AbortSignal
}

export interface Running {
  readonly port: number
  /** Makes no retries of its own; only a reset is repeated once, which it cannot be told to leave. */
  readonly stripe: Stripe
  /** The SDK as somebody else might set it up. */
  readonly client: (config?: Stripe.StripeConfig) => Stripe
  /** One request, byte for byte, with the right key unless another header says otherwise. Fails when the connection breaks. */
  readonly raw: (method: string, path: string, options?: RawRequest) => Promise<RawResponse>
  readonly control: (method: string, path: string, body?: object) => Promise<RawResponse>
}

/** A simulator on a free port, for as long as the scope is open. */
export const start = Effect.fn("Running.start")(function*(
  options: { readonly webhookUrl?: string; readonly dataFolder?: string; readonly apiKey?: string } = {}
) {
  const context = yield* Layer.build(Simulator.layer({
    port: 0,
    host: "127.0.0.1",
    apiKey: Option.map(Option.fromNullable(options.apiKey), Redacted.make),
    webhookUrl: Option.fromNullable(options.webhookUrl),
    webhookSecret: Redacted.make(webhookSecret),
    dataFolder: Option.fromNullable(options.dataFolder)
  }))
  return at(Context.get(context, Simulator.Simulator).port)
})

/** The same for a simulator that runs elsewhere. */
export const at = (port: number): Running => {
  const raw: Running["raw"] = (method, path, options = {}) =>
    new Promise((resolve, reject) => {
      const call = request(
        {
          host: "127.0.0.1",
          port,
          method,
          path,
          agent: false,
          headers: headersOf(method, options),
          signal: options.signal
        },
        (response) => {
          const chunks: Array<Buffer> = []
          response.on("data", (chunk: Buffer) => chunks.push(chunk))
          response.on("error", reject)
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8")
            const json = Option.getOrNull(parse(text))
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json })
          })
        }
      )
      call.on("error", reject)
      call.end(options.body)
    })
  const client: Running["client"] = (config = {}) =>
    new Stripe(apiKey, { host: "127.0.0.1", port, protocol: "http", maxNetworkRetries: 0, telemetry: false, ...config })
  return {
    port,
    client,
    stripe: client(),
    raw,
    control: (method, path, body) =>
      raw(method, `/_simulator/${path}`, body === undefined ? {} : { body: Schema.encodeSync(unknownJson)(body) })
  }
}

/** A payment that is confirmed at once. */
export const payment = (paymentMethod = "pm_card_visa") =>
  ({
    amount: 1000,
    currency: "usd",
    confirm: true,
    payment_method: paymentMethod,
    allowed_payment_method_types: ["card"],
    metadata: { order: "7" }
  }) satisfies Stripe.PaymentIntentCreateParams

/** The same, as it goes over the wire. */
export const paymentForm = (more = "") =>
  `amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&payment_method_types[0]=card${more}`

/** The error of a call that must fail. */
export const refusal = (call: () => Promise<unknown>): Effect.Effect<unknown> =>
  Effect.promise(() =>
    call().then((value) => Promise.reject(new Error(`the call succeeded: ${String(value)}`)), (error: unknown) => error)
  )

const unknownJson = Schema.parseJson(Schema.Unknown)

const parse = Schema.decodeUnknownOption(unknownJson)

const headersOf = (method: string, { body, headers }: RawRequest): Record<string, string | number> => ({
  authorization: `Bearer ${apiKey}`,
  ...(method === "POST" ? { "content-type": "application/x-www-form-urlencoded" } : {}),
  "content-length": Buffer.byteLength(body ?? ""),
  ...headers
})
