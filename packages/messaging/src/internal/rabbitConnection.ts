import type { AmqpConnectionManager } from "amqp-connection-manager"
import { connect } from "amqp-connection-manager"
import type { Channel, ChannelModel } from "amqplib"
import type { Scope } from "effect"
import { Deferred, Effect, FiberSet, Redacted, Schema } from "effect"

/** The channel, or something it was used for, is gone. What rests on it is begun anew on another one. */
export class ChannelLost extends Schema.TaggedError<ChannelLost>()("ChannelLost", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

/** A connection that is made again whenever it breaks. */
export interface Connection {
  /** The connection that stands now; while there is none, it is waited for. */
  readonly standing: Effect.Effect<ChannelModel>
  /** Why the broker reads nothing that we send, as it does while its memory or disk is short. */
  readonly blocked: () => string | undefined
}

/** Two intervals without a sign of life mean that the other side is gone. */
const heartbeatSeconds = 4

/** The pause before connecting again doubles from the first to the last. */
const pauseSeconds = { first: 0.25, last: 4 }

/** How long a handshake, an answer on a channel, or a farewell may take. */
const patience = { connect: 5000, answer: "10 seconds", farewell: "2 seconds" } as const

const connectTo = (name: string, url: Redacted.Redacted<string>) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      connect(Redacted.value(url), {
        heartbeatIntervalInSeconds: heartbeatSeconds,
        reconnectTimeInSeconds: pauseSeconds.first,
        connectionOptions: { noDelay: true, timeout: patience.connect, clientProperties: { connection_name: name } }
      })
    ),
    (manager) => farewell(() => manager.close())
  )

/** Connects in the background: a broker that is away only delays. The scope closes the connection. */
export const makeConnection = Effect.fnUntraced(function*(
  { name, url }: { readonly name: string; readonly url: Redacted.Redacted<string> }
): Effect.fn.Return<Connection, never, Scope.Scope> {
  const log = yield* FiberSet.makeRuntime<never, void, never>()
  const manager = yield* connectTo(name, url)
  let told = ""
  let blocked: string | undefined
  const tell = (trouble: string) => {
    // One line for each new trouble, else an outage of an hour would fill the log.
    if (trouble !== told) log(Effect.logWarning(`RabbitMQ, ${name}: ${trouble}`))
    told = trouble
  }
  manager.on("connect", () => {
    manager.reconnectTimeInSeconds = pauseSeconds.first
    blocked = undefined
    told = ""
    log(Effect.logInfo(`RabbitMQ, ${name}: connected.`))
  })
  manager.on("connectFailed", ({ err }) => {
    manager.reconnectTimeInSeconds = Math.min(manager.reconnectTimeInSeconds * 2, pauseSeconds.last)
    tell(`cannot connect: ${textOf(err)}`)
  })
  manager.on("disconnect", ({ err }) => tell(`disconnected: ${textOf(err)}`))
  manager.on("blocked", ({ reason }) => tell(`the broker takes nothing: ${blocked = reason}`))
  manager.on("unblocked", () => void (blocked = undefined))
  return { standing: standingOf(manager), blocked: () => blocked }
})

const standingOf = (manager: AmqpConnectionManager) =>
  Effect.async<ChannelModel>((resume) => {
    const look = () => {
      if (manager.connection !== undefined) resume(Effect.succeed(manager.connection))
    }
    manager.on("connect", look)
    look()
    return Effect.sync(() => manager.off("connect", look))
  })

export interface Opened<C extends Channel> {
  readonly channel: C
  /** Fails once the channel is closed, whoever closed it. */
  readonly lost: Effect.Effect<never, ChannelLost>
}

/** Opens a channel on the standing connection; the scope closes it, which hands back what it was given and not settled. */
export const openChannel = Effect.fnUntraced(function*<C extends Channel>(
  connection: Connection,
  open: (model: ChannelModel) => Promise<C>
): Effect.fn.Return<Opened<C>, ChannelLost, Scope.Scope> {
  const model = yield* connection.standing
  const lost = yield* Deferred.make<never, ChannelLost>()
  const channel = yield* Effect.acquireRelease(
    answered(() => open(model)),
    (channel) => farewell(() => channel.close())
  )
  let reason = "The channel was closed."
  channel.on("error", (error) => {
    reason = error.message
  })
  channel.on("close", () => Deferred.unsafeDone(lost, Effect.fail(new ChannelLost({ reason }))))
  return { channel, lost: Deferred.await(lost) }
})

/** Asks the broker and waits for its answer, within a limit, which holds also where nothing else may interrupt. */
export const answered = <A>(ask: () => Promise<A>): Effect.Effect<A, ChannelLost> =>
  Effect.tryPromise({ try: ask, catch: (error) => new ChannelLost({ reason: textOf(error) }) }).pipe(
    Effect.interruptible,
    Effect.timeoutFail({
      duration: patience.answer,
      onTimeout: () => new ChannelLost({ reason: "The broker does not answer." })
    })
  )

/** Closes politely; a broker that does not answer is left standing. */
const farewell = (close: () => Promise<unknown>): Effect.Effect<void> =>
  Effect.tryPromise(close).pipe(Effect.interruptible, Effect.timeout(patience.farewell), Effect.ignore)

export const textOf = (error: unknown): string => error instanceof Error ? error.message : "closed"
