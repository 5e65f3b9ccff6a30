import { connect } from "amqplib"
import { Effect, Option, Schedule } from "effect"
import type { ChildProcess } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { mkdtemp } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { dying, execute, isOver, launch, makeGuard } from "./BrokerProcess.ts"
import { RabbitMqFailed } from "./RabbitMqFailed.ts"
import type { Programs } from "./RabbitMqPrograms.ts"
import { find } from "./RabbitMqPrograms.ts"

/** A RabbitMQ of our own, that can be killed and started again on the same data and port. */
export interface RabbitMqServer {
  readonly url: string
  /** `kill -9`; done when the process is gone. */
  readonly kill: Effect.Effect<void>
  /** Starts it again; done when it takes connections. */
  readonly start: Effect.Effect<void, RabbitMqFailed>
  /** Writes what RabbitMQ keeps back for a second or two. Killed sooner, a queue just declared may be lost or stuck. */
  readonly flush: Effect.Effect<void, RabbitMqFailed>
  /** Runs `rabbitmqctl` on it, and gives what it prints. */
  readonly control: (...args: ReadonlyArray<string>) => Effect.Effect<string, RabbitMqFailed>
}

/** A cold start takes six to eight seconds on an idle machine. */
const startLimit = "90 seconds"

/**
 * Starts a RabbitMQ with ports, data and a name server of its own. The scope ends them, and so does our own death.
 * `settings` are Erlang terms for the application `rabbit`, such as `{consumer_timeout, 1000}`.
 */
export const startPrivate = Effect.fn("RabbitMqServer.startPrivate")(function*(settings: ReadonlyArray<string> = []) {
  const programs = yield* Effect.flatMap(
    find,
    Option.match({
      onNone: () => Effect.fail(new RabbitMqFailed({ detail: "There is no rabbitmq-server on the PATH." })),
      onSome: Effect.succeed
    })
  )
  const home = yield* Effect.promise(() => mkdtemp(join(tmpdir(), "quartet-rabbitmq-")))
  const [port, distribution, names] = yield* Effect.all([freePort, freePort, freePort])
  const environment = environmentOf(programs, home, { port, distribution, names }, settings)
  const guard = yield* makeGuard(home)
  const epmd = launch(home, environment, programs.epmd, ["-port", String(names), "-address", "127.0.0.1"])
  guard(epmd)

  let server: ChildProcess | undefined
  const url = `amqp://guest:guest@127.0.0.1:${port}`
  const start = Effect.gen(function*() {
    const started = server = launch(home, environment, programs.server, [])
    guard(epmd, started)
    yield* Effect.raceFirst(answering(url), dying(started)).pipe(
      Effect.timeoutFail({
        duration: startLimit,
        onTimeout: () => new RabbitMqFailed({ detail: "RabbitMQ does not take connections." })
      }),
      Effect.mapError(({ detail }) => new RabbitMqFailed({ detail: `${detail} ${lastWords(home)}` }))
    )
  })
  const kill = Effect.suspend(() => {
    if (server === undefined || isOver(server)) return Effect.void
    const gone = Effect.ignore(dying(server))
    // All of its group: Erlang keeps helpers.
    process.kill(-(server.pid ?? 0), "SIGKILL")
    return gone
  })
  yield* start
  const control = (...args: ReadonlyArray<string>) =>
    execute(join(dirname(programs.server), "rabbitmqctl"), args, environment)
  const flush = control("eval", "mnesia:dump_log(), [ok = dets:sync(Table) || Table <- dets:all()], ok.")
  const result: RabbitMqServer = { url, kill, start, control, flush: Effect.asVoid(flush) }
  return result
})

const environmentOf = (
  { path }: Programs,
  home: string,
  ports: { readonly port: number; readonly distribution: number; readonly names: number },
  settings: ReadonlyArray<string>
): Record<string, string> => {
  mkdirSync(join(home, "log"))
  writeFileSync(join(home, "advanced.config"), `[{rabbit, [${settings.join(", ")}]}].\n`)
  writeFileSync(join(home, "plugins"), "[].\n")
  writeFileSync(join(home, "rabbitmq.conf"), `listeners.tcp.1 = 127.0.0.1:${ports.port}\n`)
  return {
    PATH: path,
    HOME: home,
    LANG: "C.UTF-8",
    ERL_EPMD_PORT: String(ports.names),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: `quartet_${randomBytes(4).toString("hex")}@localhost`,
    RABBITMQ_NODE_PORT: String(ports.port),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_MNESIA_BASE: join(home, "data"),
    RABBITMQ_LOG_BASE: join(home, "log"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, "plugins"),
    RABBITMQ_CONFIG_FILE: join(home, "rabbitmq.conf"),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(home, "advanced.config"),
    RABBITMQ_CONF_ENV_FILE: join(home, "none"),
    // The process that we start is then the broker itself.
    RUNNING_UNDER_SYSTEMD: "true",
    // Without it Erlang keeps a core busy while it waits.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+sbwt none +sbwtdcpu none +sbwtdio none"
  }
}

/** Succeeds once somebody takes AMQP connections there. */
export const answering = (url: string): Effect.Effect<void> =>
  Effect.tryPromise(() => connect(url).then((open) => open.close())).pipe(
    Effect.retry(Schedule.spaced("100 millis")),
    Effect.orDie
  )

const lastWords = (home: string): string => {
  const file = join(home, "log", "output")
  return existsSync(file) ? readFileSync(file, "utf8").slice(-1000) : ""
}

const freePort = Effect.async<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})
