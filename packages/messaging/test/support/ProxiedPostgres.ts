import { Database } from "@quartet/hosting/Database"
import * as Postgres from "@quartet/hosting/Postgres"
import * as PostgresTest from "@quartet/hosting/testing/PostgresTest"
import { Context, Effect, Layer, Redacted } from "effect"
import * as Messaging from "../../src/Messaging.ts"
import { migrations } from "./Counter.ts"
import type { Proxy } from "./Proxy.ts"
import { makeProxy } from "./Proxy.ts"

/** The wire between the counters and their database. */
export class Wire extends Context.Tag("@quartet/messaging/test/Wire")<Wire, Proxy>() {}

const throughWire = Layer.scopedContext(Effect.gen(function*() {
  const database = yield* Database
  const direct = new URL(Redacted.value(yield* database.connectionFor("counter")))
  const proxy = yield* makeProxy({ host: direct.hostname, port: Number(direct.port) })
  const proxied = new URL(direct)
  proxied.port = String(proxy.port)
  // Else the client would enter by the socket, past the proxy.
  proxied.searchParams.delete("host")
  const url = Redacted.make(proxied.toString())
  return Context.make(Wire, proxy).pipe(
    Context.add(Database, { admin: database.admin, connectionFor: () => Effect.succeed(url) })
  )
}))

/** Counters on a fresh database behind a wire that can be cut. */
export const layer = Messaging.layer.pipe(
  Layer.fresh,
  Layer.provideMerge(Postgres.layer({ service: "counter", migrations, maxConnections: 20 })),
  Layer.provideMerge(throughWire),
  Layer.provide(PostgresTest.database)
)
