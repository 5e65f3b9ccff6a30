import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as Settings from "@quartet/hosting/Settings"
import type { Duration, ParseResult, Redacted } from "effect"
import { Config, Console, Effect, Option, Schedule, Schema } from "effect"
import { catalogue } from "./Catalogue.ts"
import { addressOf, Ports } from "./Ports.ts"
import type { Unexpected } from "./Shop.ts"
import { demand } from "./Shop.ts"
import * as Token from "./Token.ts"

/** Where a running quartet is reached. */
export interface Addresses {
  readonly order: string
  readonly prices: string
  readonly inventory: string
}

const Products = Schema.Struct({ items: Schema.Array(Schema.Struct({ sku: Schema.String })) })

/**
 * Fills an empty shop: prices to the order service, goods to the inventory, both as an operator would. A shop that sells
 * anything else is left alone. What was begun is completed by the next start, and goods arrive once, since each receipt
 * carries a key of its own.
 */
export const seed = Effect.fn("Seed.seed")(function*(at: Addresses, operator: Redacted.Redacted<string>) {
  const { items } = yield* demand({ method: "GET", url: `${at.order}/products` }, Products)
  const known = new Set(items.map(({ sku }) => sku))
  const ours = catalogue.filter(({ sku }) => known.has(sku))
  if (ours.length < known.size) return
  const missing = catalogue.filter(({ sku }) => !known.has(sku))
  yield* Effect.forEach(missing, ({ name, price, sku, stock }) =>
    Effect.gen(function*() {
      yield* demand({
        method: "POST",
        url: `${at.inventory}/stock/${sku}/receipts`,
        token: operator,
        headers: { "Idempotency-Key": `seed-${sku}` },
        body: { quantity: stock }
      }, Schema.Unknown)
      yield* demand(
        { method: "PUT", url: `${at.prices}/products/${sku}`, token: operator, body: { name, price } },
        Schema.Unknown
      )
    }), { concurrency: "unbounded", discard: true })
})

const base = (name: string): Config.Config<Option.Option<string>> =>
  Config.map(Config.option(Settings.httpUrl(name)), Option.map((url) => url.toString().replace(/\/$/, "")))

/** `ORDER_URL` and so on; else where this machine's servers listen by `HOST`, `ORDER_PORT` and so on. */
export const addresses: Config.Config<Addresses> = Config.all({
  ports: Ports,
  addressOf,
  order: base("ORDER_URL"),
  prices: base("PRICES_URL"),
  inventory: base("INVENTORY_URL")
}).pipe(Config.map(({ addressOf, inventory, order, ports, prices }) => ({
  order: Option.getOrElse(order, () => addressOf(ports.order)),
  prices: Option.getOrElse(prices, () => addressOf(ports.prices)),
  inventory: Option.getOrElse(inventory, () => addressOf(ports.inventory))
})))

const nowAndThen = Schedule.spaced("500 millis")

/** Nobody answers yet, or what it depends on is still away. */
const isEarly = (error: HttpClientError | Unexpected | ParseResult.ParseError): boolean =>
  error._tag === "RequestError" || (error._tag === "Unexpected" && error.status === 503)

/** Waits until the services at `ORDER_URL`, `PRICES_URL` and `INVENTORY_URL` answer, and fills an empty shop. */
export const whenReady = Effect.fn("Seed.whenReady")(function*(atMost: Duration.DurationInput) {
  const at = yield* addresses
  const schedule = Schedule.upTo(nowAndThen, atMost)
  yield* seed(at, yield* Token.ofOperator).pipe(Effect.retry({ schedule, while: isEarly }))
  yield* Console.log(`The shop at ${at.order} has its goods.`)
})
