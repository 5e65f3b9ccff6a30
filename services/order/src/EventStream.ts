import type { HistoryEntry } from "@quartet/contracts/OrderView"
import { OrderChange } from "@quartet/contracts/OrderView"
import { Schema } from "effect"
import { Readable } from "node:stream"
import type { Order } from "./domain/State.ts"
import { viewOf } from "./OrderView.ts"

/** One client's stream of an order's changes. Source: WHATWG HTML, §9.2. */
export interface EventStream {
  /** What goes to the client. */
  readonly body: Readable
  /** The version that the client was told of last. */
  told: number
  /** Whether more may be written. */
  isOpen: boolean
}

/** How long a client waits before it comes back; milliseconds. */
const retry = 2000

/** How much may wait for one client. Who reads slower than that is cut off, and goes on where it was when it comes back. */
const highWaterMark = 128 * 1024

/** A stream that goes on after the version. */
export const make = (told: number): EventStream => {
  const body = new Readable({ highWaterMark, read: () => {} })
  body.push(`retry: ${retry}\n\n`)
  return { body, told, isOpen: true }
}

/** Tells everything that happened since, up to the order as given, and ends when nothing more will. */
export const tell = (stream: EventStream, order: Order, history: ReadonlyArray<HistoryEntry>): void => {
  const news = history.filter(({ version }) => version > stream.told && version <= order.version)
  news.forEach((entry) => write(stream, eventOf(entry, order)))
  stream.told = Math.max(stream.told, order.version)
  if (isOver(order)) end(stream)
}

/** Shows whatever lies between that somebody is still here. */
export const beat = (stream: EventStream): void => write(stream, ":\n\n")

/** Ends the stream once what was written is with the client. */
export const end = (stream: EventStream): void => {
  if (stream.isOpen) stream.body.push(null)
  stream.isOpen = false
}

/** Ends the stream at once, whatever its client did not read yet. */
export const cut = (stream: EventStream): void => {
  stream.isOpen = false
  stream.body.destroy()
}

/** The order came to its end, and no money is on its way back: a stream of it has nothing more to tell. */
export const isOver = ({ _tag, refund }: Order): boolean =>
  (_tag === "Shipped" || _tag === "Failed" || _tag === "Cancelled") && refund !== "requested"

const encodeChange = Schema.encodeSync(Schema.parseJson(OrderChange))

const eventOf = ({ actor, at, cause, event, from, refund, to, version }: HistoryEntry, order: Order): string => {
  const change = { version, from, to, event, cause, actor, at, ...(refund === undefined ? {} : { refund }) }
  const data = encodeChange(version === order.version ? { ...change, order: viewOf(order) } : change)
  return `id: ${version}\nevent: order\ndata: ${data}\n\n`
}

const write = (stream: EventStream, text: string): void => {
  if (stream.isOpen && !stream.body.push(text)) cut(stream)
}
