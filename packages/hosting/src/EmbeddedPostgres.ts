import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Setting from "@quartet/messaging/Setting"
import type { ConfigError, ParseResult } from "effect"
import { Config, Deferred, Effect, Layer, Option, Redacted, Ref, Schedule } from "effect"
import { createServer } from "node:net"
import { join } from "node:path"
import type { Database } from "./Database.ts"
import { layerProvisioned } from "./Database.ts"
import type { DatabaseUrl } from "./DatabaseUrl.ts"
import type { DataFolder } from "./DataFolder.ts"
import { open } from "./DataFolder.ts"
import { EmbeddedPostgresFailed } from "./EmbeddedPostgresFailed.ts"
import type { PostgresBinaries } from "./PostgresBinaries.ts"
import { locate } from "./PostgresBinaries.ts"
import type { Postmaster } from "./Postmaster.ts"
import { initialize, readPidFile, runningIn, start, stop, stopOrphan } from "./Postmaster.ts"
import * as Settings from "./Settings.ts"

export interface EmbeddedPostgresOptions {
  /** Absolute. Everything is kept below it, in `postgres/`. */
  readonly home: string
  /** A free one is chosen when absent. */
  readonly port?: number
  /** Settings of the server, as in `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * A PostgreSQL of our own: real binaries from the package registry, started and stopped with this layer, on the loopback
 * address alone. What was committed survives whatever dies; if the server dies while we live, it is started again.
 */
export const layerWith = (options: EmbeddedPostgresOptions): Layer.Layer<Database, EmbeddedPostgresFailed> =>
  Layer.unwrapScoped(
    Effect.gen(function*() {
      const folder = yield* open(options.home)
      const binaries = yield* locate(folder.folder, folder.user)
      yield* stopOrphan(folder)
      yield* initialize(folder, binaries)
      const port = yield* serve(folder, binaries, options)
      return layerProvisioned({ admin: urlOf(folder, port) })
    }).pipe(
      Effect.mapError(toFailure(options.home)),
      Effect.provide(NodeFileSystem.layer)
    )
  )

const ownPort = Config.option(
  Setting.whole("POSTGRES_PORT", { from: 1, to: 65_535 }, "Expected a port from 1 to 65535")
)

/** What `layer` reads. */
export const settings = Config.all({ home: Settings.home, port: ownPort })

/** In `QUARTET_HOME`, on `POSTGRES_PORT` or a free port. */
export const layer: Layer.Layer<Database, EmbeddedPostgresFailed | ConfigError.ConfigError> = Layer.unwrapEffect(
  Effect.gen(function*() {
    const home = yield* Settings.home
    const port = yield* ownPort
    return layerWith({ home, ...(Option.isSome(port) ? { port: port.value } : {}) })
  })
)

/** How to enter the server that another process runs below this home; nobody is there if it was not started or has ended. */
export const running = Effect.fn("EmbeddedPostgres.running")(function*(home: string) {
  const fs = yield* FileSystem.FileSystem
  const folder = join(home, "postgres")
  // Its command line names the data by their real path, which may lie behind a link.
  const data = yield* fs.realPath(join(folder, "data")).pipe(Effect.orElseSucceed(() => join(folder, "data")))
  const [, , , port, , , , status] = yield* readPidFile({ data })
  if (status?.trim() !== "ready" || Option.isNone(yield* runningIn({ data }))) return Option.none<DatabaseUrl>()
  const password = yield* fs.readFileString(join(folder, "password"))
  const url = new URL(`postgres://postgres@127.0.0.1:${port?.trim()}/postgres`)
  url.password = encodeURIComponent(password.trim())
  return Option.some<DatabaseUrl>(Redacted.make(url.toString()))
}, Effect.provide(NodeFileSystem.layer))

/** A port may be taken between choosing and using it, and the processes of a dead server linger for a moment. */
const whileLingering = Schedule.spaced("250 millis").pipe(Schedule.intersect(Schedule.recurs(20)))

const whileCrashing = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("5 seconds")),
  Schedule.intersect(Schedule.recurs(20))
)

const serve = Effect.fn("EmbeddedPostgres.serve")(function*(
  folder: DataFolder,
  binaries: PostgresBinaries,
  options: EmbeddedPostgresOptions
) {
  const startOn = (port: number) =>
    start(folder, binaries, { ...options.settings, ...ours, ...sockets(folder), port: String(port) })
  const first = Effect.flatMap(
    options.port === undefined ? freePort : Effect.succeed(options.port),
    (port) => Effect.map(startOn(port), (postmaster) => ({ port, postmaster }))
  )

  const current = yield* Ref.make(Option.none<Postmaster>())
  const { port, postmaster } = yield* Effect.acquireRelease(
    first.pipe(Effect.retry(whileLingering), Effect.tap(({ postmaster }) => Ref.set(current, Option.some(postmaster)))),
    () => Effect.flatMap(Ref.get(current), Option.match({ onNone: () => Effect.void, onSome: stop }))
  )
  const restart = Effect.flatMap(startOn(port), (postmaster) => Ref.set(current, Option.some(postmaster))).pipe(
    Effect.uninterruptible
  )
  yield* Effect.forkScoped(supervise(current, restart))
  yield* Effect.logDebug(`PostgreSQL ${postmaster.pid} listens on 127.0.0.1:${port}.`)
  return port
})

/** Clients reconnect by themselves, so the server must come back on the same port. */
const supervise = <R>(
  current: Ref.Ref<Option.Option<Postmaster>>,
  restart: Effect.Effect<void, EmbeddedPostgresFailed, R>
) =>
  Effect.gen(function*() {
    const postmaster = yield* Ref.get(current)
    if (Option.isNone(postmaster)) return yield* Effect.never
    yield* Deferred.await(postmaster.value.gone)
    yield* Effect.logWarning(`PostgreSQL ${postmaster.value.pid} died; starting it again.`)
    yield* restart.pipe(Effect.retry(whileCrashing))
  }).pipe(
    Effect.forever,
    Effect.catchAll((error) => Effect.logFatal("PostgreSQL cannot be started again.", error.message))
  )

/** The longest path that every system takes for the address of a socket, less the name PostgreSQL gives it. */
const longestSocketFolder = 103 - "/.s.PGSQL.65535".length

const hasSocket = (folder: DataFolder) => Buffer.byteLength(folder.folder) <= longestSocketFolder

const sockets = (folder: DataFolder): Record<string, string> => ({
  unix_socket_directories: hasSocket(folder) ? folder.folder : "",
  unix_socket_permissions: "0700"
})

/** A Unix socket costs both sides about a quarter less per statement than the loopback address does. */
const urlOf = (folder: DataFolder, port: number): DatabaseUrl => {
  const url = new URL(`postgres://postgres@127.0.0.1:${port}/postgres`)
  url.password = encodeURIComponent(Redacted.value(folder.password))
  if (hasSocket(folder)) url.searchParams.set("host", folder.folder)
  return Redacted.make(url.toString())
}

const ours = {
  listen_addresses: "127.0.0.1",
  timezone: "UTC",
  log_timezone: "UTC",
  logging_collector: "off",
  // The defaults follow the size of a segment, which is small here: every page was written whole after a checkpoint every
  // twenty seconds. These are the defaults of segments of the usual size.
  min_wal_size: "80MB",
  max_wal_size: "1GB",
  // A minute after the start most tables are due to be analysed: a second of work of little use, since services' plans go by
  // keys (decision 0008). A tenth of the sample takes a tenth of the time.
  default_statistics_target: "10"
} satisfies Record<string, string>

const freePort = Effect.async<number, never>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

const toFailure =
  (folder: string) =>
  (error: EmbeddedPostgresFailed | PlatformError | ParseResult.ParseError): EmbeddedPostgresFailed =>
    error._tag === "EmbeddedPostgresFailed" ? error : new EmbeddedPostgresFailed({ folder, detail: error.message })
