import type { Pool, PoolClient } from "pg"

/**
 * What an answer says of its connection rather than of its statement. 25006: the server is a standby or was made read-only,
 * and a session stays so, also when the server no longer is. 0A000, 26000, 42P05: what the session keeps prepared is no longer
 * what we think it keeps. Source: PostgreSQL, Appendix A.
 */
const staleStates = new Set(["25006", "0A000", "26000", "42P05"])

/** Throws such a connection away once it is given back: the next one leads to whoever takes writes now (H159). */
export const discardStale = (pool: Pool): void => {
  const stale = new Set<PoolClient>()
  pool.on("connect", (client) => {
    client.connection.on("errorMessage", ({ code = "" }: { readonly code?: string }) => {
      if (staleStates.has(code)) stale.add(client)
    })
  })
  pool.on("release", (_, client) => {
    // The pool removes a client that is ending.
    if (stale.size > 0 && stale.delete(client)) void client.end()
  })
}
