import * as Settings from "@quartet/hosting/Settings"
import { Config } from "effect"

const range = { from: 0, to: 100_000 }

/** How many answers one process holds open at most, each with its connection, but without a place among the requests. */
export const limits = Config.all({
  streams: Settings.whole("ORDER_MAX_STREAMS", 5000, range),
  waits: Settings.whole("ORDER_MAX_WAITS", 2000, range)
})

/** The connections that they have beside those of `HTTP_MAX_CONNECTIONS`. */
export const connections = Config.map(limits, ({ streams, waits }) => streams + waits)

// 0 is any number, as with the other limits of a customer.
const ofCustomer = (name: string, otherwise: number) =>
  Config.map(Settings.whole(name, otherwise, range), (most) => most === 0 ? Number.POSITIVE_INFINITY : most)

/** How many of them one customer has at most. */
export const customerLimits = Config.all({
  streams: ofCustomer("CUSTOMER_STREAMS", 100),
  waits: ofCustomer("CUSTOMER_WAITS", 100)
})
