import type { PoolClient } from "pg"

/**
 * Has all that a connection is asked within one turn of the event loop leave in one write: the driver makes one of each
 * statement, and a write costs more than most of what is written.
 */
export const gatherWrites = (client: PoolClient): void => {
  const { stream } = client.connection
  const query = client.query
  let isGathering = false
  const release = () => {
    isGathering = false
    stream.uncork()
  }
  Object.defineProperty(client, "query", {
    configurable: true,
    value: (...args: ReadonlyArray<unknown>): unknown => {
      if (!isGathering) {
        isGathering = true
        stream.cork()
        setImmediate(release)
      }
      return Reflect.apply(query, client, args)
    }
  })
}
