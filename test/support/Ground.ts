import { subscriptions } from "@quartet/contracts/Catalog"
import * as EmbeddedPostgres from "@quartet/hosting/EmbeddedPostgres"
import { signal } from "@quartet/hosting/ProcessTable"
import * as RabbitMqQueues from "@quartet/messaging/RabbitMqQueues"
import type { RabbitMqServer } from "@quartet/messaging/testing/RabbitMqServer"
import { startPrivate } from "@quartet/messaging/testing/RabbitMqServer"
import { Context, Effect, Layer, Redacted } from "effect"
import { chmod } from "node:fs/promises"
import { join } from "node:path"
import { temporaryHome } from "./Addresses.ts"
import { postmaster } from "./Process.ts"
import * as Services from "./Services.ts"
import type { NotAsWished } from "./Shop.ts"
import { until } from "./Shop.ts"

/** What the processes of a test stand on: a PostgreSQL and a RabbitMQ that nobody else uses, so that it may kill them. */
export class Ground extends Context.Tag("@quartet/test/Ground")<Ground, {
  readonly broker: RabbitMqServer
  /** Kills PostgreSQL as `kill -9` does; done when another one was started in its place. */
  readonly killDatabase: Effect.Effect<void, NotAsWished>
  /** What waits at the broker, or was given up, or has no queue. */
  readonly restingAtBroker: Effect.Effect<ReadonlyArray<RabbitMqQueues.Depth>, RabbitMqQueues.QueuesUnreachable>
}>() {}

/** The ground and, ready on it, one process of each service and the provider's stand-in. */
export const layer = Layer.unwrapScoped(Effect.gen(function*() {
  const parent = yield* temporaryHome
  // PostgreSQL's own user must get through when root runs the tests.
  yield* Effect.promise(() => chmod(parent, 0o755))
  const home = join(parent, "home")
  const broker = yield* startPrivate()
  const url = Redacted.make(broker.url)
  const killDatabase = Effect.gen(function*() {
    const before = yield* postmaster(home)
    yield* signal(before, "SIGKILL")
    yield* until(postmaster(home), (now) => now !== 0 && now !== before)
  })
  const restingAtBroker = RabbitMqQueues.depths({ url, subscriptions, namespace: "quartet" }).pipe(
    Effect.map((depths) => depths.filter(({ messages }) => messages !== 0))
  )
  return Layer.merge(
    Services.layerOn(EmbeddedPostgres.layerWith({ home }), { broker: url }),
    Layer.succeed(Ground, { broker, killDatabase, restingAtBroker })
  )
}))
