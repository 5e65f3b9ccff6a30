import { NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Layer, Redacted } from "effect"
import * as Simulator from "../../src/Simulator.ts"

/** A simulator in a process of its own, to be killed. It says on which port it listens. */
const main = Layer.unwrapEffect(Effect.gen(function*() {
  const options: Simulator.Options = {
    port: 0,
    host: "127.0.0.1",
    apiKey: yield* Config.option(Config.redacted("API_KEY")),
    webhookUrl: yield* Config.option(Config.string("WEBHOOK_URL")),
    webhookSecret: Redacted.make("whsec_conformance"),
    dataFolder: yield* Config.option(Config.string("DATA_FOLDER"))
  }
  const announce = Effect.flatMap(
    Simulator.Simulator,
    ({ port }) => Effect.sync(() => process.stdout.write(`port ${port}\n`))
  )
  return Layer.provide(Layer.effectDiscard(announce), Simulator.layer(options))
}))

NodeRuntime.runMain(Layer.launch(main))
