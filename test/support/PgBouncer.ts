import { Config, Console, Effect, Redacted, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import { accessSync, chmodSync, constants, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { freePorts, temporaryHome } from "./Addresses.ts"

export class PgBouncerFailed extends Schema.TaggedError<PgBouncerFailed>()("PgBouncerFailed", { said: Schema.String }) {
  override get message() {
    return `PgBouncer did not start: ${this.said}`
  }
}

const program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"].find((path) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
})

/** Whether there is one; without one it is said aloud, and is a failure where it is required. */
export const isThere: Effect.Effect<boolean> = Effect.gen(function*() {
  if (program !== undefined) return true
  yield* Console.warn("\nTHE TESTS BEHIND A POOLER DID NOT RUN: there is no pgbouncer on this machine.\n")
  if (yield* Config.boolean("CI_REQUIRE_POOLER").pipe(Config.withDefault(false))) {
    return yield* Effect.dieMessage("CI_REQUIRE_POOLER is set, but there is no pgbouncer.")
  }
  return false
}).pipe(Effect.orDie)

/** It refuses to run as root. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

const listening = (port: number) =>
  Effect.async<void, "refused">((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.void)
    }).once("error", () => resume(Effect.fail("refused")))
  })

/**
 * A PgBouncer with transaction pooling in front of this server, as an operator would have it: everybody enters with their own
 * password, and of each role there are few sessions at the server.
 */
export const inFrontOf = Effect.fn("PgBouncer.inFrontOf")(function*(server: Redacted.Redacted<string>) {
  const { order: port } = yield* freePorts
  const home = yield* temporaryHome
  chmodSync(home, 0o755)
  const url = new URL(Redacted.value(server))
  const password = decodeURIComponent(url.password)
  const superuser = decodeURIComponent(url.username) || "postgres"
  const users = join(home, "users.txt")
  writeFileSync(users, `"${superuser}" "${password || "none"}"\n`)
  const file = join(home, "pgbouncer.ini")
  writeFileSync(
    file,
    `[databases]
* = host=${url.hostname || "127.0.0.1"} port=${url.port || "5432"}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
auth_user = ${superuser}
pool_mode = transaction
default_pool_size = 4
max_client_conn = 500
log_connections = 0
log_disconnections = 0
`
  )
  const said: Array<string> = []
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(program ?? "pgbouncer", [file], { stdio: ["ignore", "ignore", "pipe"], ...user })
      child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text))
      return child
    }),
    (child) =>
      Effect.async<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGKILL")
      })
  )
  yield* listening(port).pipe(
    Effect.retry(Schedule.spaced("50 millis").pipe(Schedule.upTo("20 seconds"))),
    Effect.mapError(() => new PgBouncerFailed({ said: said.join("") }))
  )
  const through = new URL(url)
  through.searchParams.delete("host")
  through.hostname = "127.0.0.1"
  through.port = `${port}`
  through.username = superuser
  through.password = encodeURIComponent(password || "none")
  return { url: Redacted.make(through.toString()), said: Effect.sync(() => said.join("")) }
})
