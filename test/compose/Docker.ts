import type { Duration } from "effect"
import { Config, ConfigProvider, Effect, Option, Schema } from "effect"
import { execFile } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..")

/** A command ended with another code than 0, or took too long. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {
  command: Schema.String,
  said: Schema.String
}) {
  override get message() {
    return `${this.command}\n${this.said.slice(-6000)}`
  }
}

export type Settings = Readonly<Record<string, string>>

/** What every command needs of our own environment to find the engine. Nothing else of it may reach a container. */
const ours = ["PATH", "HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"]

const environment = Effect.map(
  Effect.forEach(ours, (name) => Effect.map(Config.option(Config.string(name)), (value) => ({ name, value }))),
  (found) => found.flatMap(({ name, value }) => Option.isSome(value) ? [[name, value.value] as const] : [])
).pipe(Effect.map(Object.fromEntries<string>), Effect.withConfigProvider(ConfigProvider.fromEnv()), Effect.orDie)

/** Runs a command to its end and returns what it said on standard output. */
export const run = (
  [program, ...args]: readonly [string, ...ReadonlyArray<string>],
  settings: Settings = {},
  atMost: Duration.DurationInput = "1 minute"
): Effect.Effect<string, CommandFailed> => {
  const command = [program, ...args].join(" ")
  const said = (env: Settings) =>
    Effect.async<string, CommandFailed>((resume, signal) => {
      const options = { cwd: root, env: { ...env, ...settings }, signal, maxBuffer: 64 * 1024 * 1024 }
      execFile(program, args, options, (error, stdout, stderr) =>
        resume(error === null ? Effect.succeed(stdout) : new CommandFailed({ command, said: `${stdout}\n${stderr}` })))
    })
  return Effect.flatMap(environment, said).pipe(
    Effect.timeoutFail({
      duration: atMost,
      onTimeout: () => new CommandFailed({ command, said: "It took too long." })
    })
  )
}

/** How Compose is called here: the plugin of Docker, or the program that was there before it. */
export type Compose = readonly [string, ...ReadonlyArray<string>]

const generations: ReadonlyArray<Compose> = [["docker", "compose"], ["docker-compose"]]

const answers = (command: Compose) => Effect.isSuccess(run(command, {}, "20 seconds"))

/** Compose, if it is installed and an engine answers; otherwise what is missing. */
export const find: Effect.Effect<{ readonly compose: Option.Option<Compose>; readonly missing: string }> = Effect.gen(
  function*() {
    if (!(yield* answers(["docker", "info"]))) return { compose: Option.none(), missing: "no Docker engine answers" }
    const compose = yield* Effect.findFirst(generations, ([program, ...args]) => answers([program, ...args, "version"]))
    return { compose, missing: "neither `docker compose` nor `docker-compose` is installed" }
  }
)
