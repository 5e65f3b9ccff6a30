import { Config, Effect, Exit, Scope } from "effect"
import type { Server } from "node:http"
import { createServer } from "node:http"
import { relative } from "node:path"
import type { TestProject } from "vitest/node"
import type { RabbitMqSource } from "./RabbitMqSource.ts"
import { detect, none } from "./RabbitMqSource.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** What kind of RabbitMQ this run can have, and where to ask for its URL: it is started for whoever asks first. */
    readonly rabbitMq: { readonly kind: RabbitMqSource["kind"]; readonly door: string }
  }
}

const required = Config.boolean("CI_REQUIRE_BROKER").pipe(Config.withDefault(false))

/** Finds a RabbitMQ for the run, starts it when a test asks for it, and ends it with the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const source = await Effect.runPromise(detect)
  if (source.kind === "none" && await Effect.runPromise(required)) throw new Error(none)
  const scope = Effect.runSync(Scope.make())
  const start = Effect.runSync(Effect.cached(Scope.extend(source.start, scope)))
  const door = createServer((_, response) => {
    void Effect.runPromiseExit(start).then((exit) =>
      response.writeHead(Exit.isSuccess(exit) ? 200 : 500).end(Exit.isSuccess(exit) ? exit.value : String(exit.cause))
    )
  })
  project.provide("rabbitMq", { kind: source.kind, door: `http://127.0.0.1:${await listen(door)}` })
  return async () => {
    if (source.kind !== "own") sayWhatDidNotRun(project, source.kind)
    await new Promise((done) => door.close(done))
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

const listen = (server: Server): Promise<number> =>
  new Promise((done) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      done(typeof address === "object" && address !== null ? address.port : 0)
    })
  })

/** Tests that need a RabbitMQ are in files named for it. */
const needsBroker = /\.mq\.test\.ts$/

const sayWhatDidNotRun = ({ vitest }: TestProject, kind: RabbitMqSource["kind"]) => {
  const files = vitest.state.getFiles().map(({ filepath }) => filepath).filter((file) => needsBroker.test(file))
  if (files.length === 0) return
  const what = kind === "none"
    ? `THESE TESTS DID NOT RUN, for want of a RabbitMQ. ${none}`
    : "OF THESE TESTS, those that kill a RabbitMQ did not run: there is no rabbitmq-server on the PATH."
  const names = files.map((file) => `  ${relative(vitest.config.root, file)}`)
  process.stderr.write(`\n${what}\n${names.join("\n")}\n\n`)
}
