/** Of a message only what tells it from the others of its channel. */
interface Delivered {
  readonly fields: { readonly deliveryTag: number }
}

/** Of a channel only what is needed here. */
export interface Acknowledging<M extends Delivered> {
  readonly ack: (message: M, upTo: boolean) => void
  readonly once: (event: "close", heard: () => void) => void
}

/** Tells the broker which deliveries of one channel are settled. */
export interface Acks<M extends Delivered> {
  /** To be called for every delivery, as it comes. */
  readonly delivered: (message: M) => void
  /** The broker learns of it in the next turn of the event loop, together with what is settled until then. */
  readonly settled: (message: M) => void
  /** Tells what is still to be told; nothing is told after it. */
  readonly close: () => void
}

const tagOf = ({ fields }: Delivered): number => fields.deliveryTag

/**
 * Acknowledges up to a delivery where all before it are settled too, and one by one what was settled ahead of others: a
 * quorum queue writes down every acknowledgement that it gets, and a batch is one then.
 * Source: RabbitMQ, "Consumer Acknowledgements and Publisher Confirms", Acknowledging Multiple Deliveries at Once.
 */
export const makeAcks = <M extends Delivered>(channel: Acknowledging<M>): Acks<M> => {
  /** Delivered and not settled, in the order of their delivery. */
  const open = new Set<number>()
  let settled: Array<M> = []
  let isWaiting = false
  let isClosed = false
  const tell = () => {
    isWaiting = false
    const [oldest = Number.POSITIVE_INFINITY] = open
    const inOrder = settled.toSorted((one, other) => tagOf(one) - tagOf(other))
    settled = []
    const last = inOrder.findLast((message) => tagOf(message) < oldest)
    try {
      if (last !== undefined) channel.ack(last, true)
      for (const message of inOrder) if (tagOf(message) > oldest) channel.ack(message, false)
    } catch {
      // The channel is gone, or its connection is about to go: whatever was not told of comes again.
      isClosed = true
    }
  }
  channel.once("close", () => {
    isWaiting = false
    isClosed = true
  })
  return {
    delivered: (message) => void open.add(tagOf(message)),
    settled: (message) => {
      if (isClosed || !open.delete(tagOf(message))) return
      settled.push(message)
      if (!isWaiting) setImmediate(() => isWaiting ? tell() : undefined)
      isWaiting = true
    },
    close: () => {
      if (isWaiting) tell()
      isClosed = true
    }
  }
}
