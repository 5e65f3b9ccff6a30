import type { Scope } from "effect"
import { Config, Effect, Option } from "effect"
import { execute } from "./BrokerProcess.ts"
import { RabbitMqFailed } from "./RabbitMqFailed.ts"
import { find } from "./RabbitMqPrograms.ts"
import { answering, startPrivate } from "./RabbitMqServer.ts"

/** Where tests get their RabbitMQ from: one of our own, one they were told of, one from a container engine, or nowhere. */
export interface RabbitMqSource {
  readonly kind: "own" | "told" | "engine" | "none"
  /** Starts it, if it must be started, and gives its URL. */
  readonly start: Effect.Effect<string, RabbitMqFailed, Scope.Scope>
}

export const none = "There is no rabbitmq-server on the PATH, no AMQP_URL, and no container engine."

const image = "rabbitmq:4-management"

/** Looks for the first that can be had, and starts nothing. */
export const detect: Effect.Effect<RabbitMqSource> = Effect.gen(function*() {
  if (Option.isSome(yield* find)) {
    return { kind: "own", start: Effect.map(startPrivate(), ({ url }) => url) } as const
  }
  const told = yield* Effect.orDie(Config.option(Config.nonEmptyString("AMQP_URL")))
  if (Option.isSome(told)) return { kind: "told", start: Effect.succeed(told.value) } as const
  if (Option.isSome(yield* Effect.option(docker("version")))) return { kind: "engine", start: container } as const
  return { kind: "none", start: Effect.fail(new RabbitMqFailed({ detail: none })) } as const
})

const docker = (...args: ReadonlyArray<string>) => execute("docker", args)

const container = Effect.gen(function*() {
  const id = yield* Effect.acquireRelease(
    docker("run", "--detach", "--rm", "--publish", "127.0.0.1::5672", image),
    (id) => Effect.ignore(docker("rm", "--force", id))
  )
  const url = `amqp://guest:guest@${(yield* docker("port", id, "5672")).split("\n")[0]}`
  yield* answering(url).pipe(
    Effect.timeoutFail({
      duration: "90 seconds",
      onTimeout: () => new RabbitMqFailed({ detail: `${image} does not take connections.` })
    })
  )
  return url
})
