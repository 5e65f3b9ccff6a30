import type { ConfirmChannel, Message, Options } from "amqplib"
import type { Duration, Scope } from "effect"
import { Deferred, Effect, Exit, FiberId, FiberSet, Queue } from "effect"
import type { Told } from "../Broker.ts"
import { Unpublished } from "../Broker.ts"
import * as Worker from "../Worker.ts"
import type { ChannelLost, Connection } from "./rabbitConnection.ts"
import { openChannel, textOf } from "./rabbitConnection.ts"

/** A message on its way to an exchange. */
export interface Outbound {
  readonly exchange: string
  readonly routingKey: string
  readonly messageId: string
  readonly content: Buffer
  readonly options: Options.Publish
}

export interface Publisher {
  /** Tells of success once a queue at least holds the message safely. A failure means that it may be there or not. */
  readonly send: (outbound: Outbound, told: Told) => void
  /** Whether the broker takes messages now. */
  readonly ready: Effect.Effect<boolean>
}

/** The most messages that are sent and not confirmed, and the most that wait for the broker to be there. */
const unconfirmedLimit = 8192

/** How long a message waits for a broker that is away. */
const awayLimit = "2 seconds"

/** A confirm that did not come within two to three of these is given up. */
const confirmWatch = "5 seconds"

/** The least time between two repairs of the topology. */
const repairPause = "1 second"

interface Sent {
  readonly told: Told
  readonly watch: number
}

/** A confirm channel, and what was sent on it. */
interface Session {
  readonly channel: ConfirmChannel
  /** In the order of their sending. */
  readonly waiting: Set<Sent>
  /** How often each message came back since its last confirm. */
  readonly returned: Map<string, number>
  /** Sent and not confirmed, given up or not: their bytes may still rest in our memory. */
  unconfirmed: number
  watch: number
}

const unpublished = (reason: string) => Exit.fail(new Unpublished({ reason }))

/** One message sent, as an effect. */
export const sent = ({ send }: Publisher, outbound: Outbound): Effect.Effect<void, Unpublished> =>
  Effect.async<void, Unpublished>((resume) => send(outbound, resume))

/** The session of now, or the one to come. */
interface Line {
  session: Session | undefined
  next: Deferred.Deferred<Session>
  /** How many messages wait for the next session. */
  queueing: number
}

/** What the publisher does about the topology. */
export interface Topology {
  /** Makes it, on every new channel, and again on a period. */
  readonly declare: (channel: ConfirmChannel) => Effect.Effect<void, ChannelLost>
  /**
   * How long a binding that somebody removed may stay away without a message that comes back. Where another queue takes
   * the messages too, none does.
   */
  readonly every: Duration.Duration
  /** Whether a message that came back should have been taken, so that the topology must be made again. */
  readonly heard: (message: Message) => boolean
}

/** Publishes on a channel of its own, with many confirms outstanding. */
export const makePublisher = Effect.fnUntraced(function*(
  name: string,
  connection: Connection,
  topology: Topology
): Effect.fn.Return<Publisher, never, Scope.Scope> {
  const line: Line = { session: undefined, next: Deferred.unsafeMake(FiberId.none), queueing: 0 }
  yield* Worker.forever(name, Effect.scoped(publishing(line, connection, topology)))
  const wait = yield* FiberSet.makeRuntime<never, void, Unpublished>()
  return {
    send: (outbound, told) => {
      const blocked = connection.blocked()
      if (blocked !== undefined) return later(told, `The broker takes nothing: ${blocked}`)
      if (line.session !== undefined) return transmit(line.session, outbound, told)
      return void wait(whenBack(line, outbound)).addObserver(told)
    },
    ready: Effect.sync(() => line.session !== undefined && connection.blocked() === undefined)
  }
})

/** Keeps one channel open for publishing until it is lost. */
const publishing = Effect.fnUntraced(function*(line: Line, connection: Connection, topology: Topology) {
  const { channel, lost } = yield* openChannel(connection, (model) => model.createConfirmChannel())
  yield* topology.declare(channel)
  const session = yield* makeSession(channel)
  const missing = yield* Queue.sliding<void>(1)
  channel.on("return", (message) => {
    noteReturn(session, message)
    if (topology.heard(message)) missing.unsafeOffer(undefined)
  })
  yield* Effect.acquireRelease(
    Effect.suspend(() => Deferred.succeed(line.next, line.session = session)),
    () =>
      Effect.sync(() => {
        line.session = undefined
        line.next = Deferred.unsafeMake(FiberId.none)
      })
  )
  const wanted = Effect.timeoutOption(Queue.take(missing), topology.every)
  // An alarm at the broker leaves it unanswered. A declaration that fails is logged; a channel that it closed is replaced.
  const declare = Effect.suspend(() => connection.blocked() === undefined ? topology.declare(channel) : Effect.void)
  const repair = Effect.zipRight(wanted, Effect.ignore(declare))
  yield* Effect.forkScoped(Effect.forever(Effect.zipRight(repair, Effect.sleep(repairPause))))
  yield* Effect.forkScoped(Effect.forever(Effect.delay(Effect.sync(() => giveUpOverdue(session)), confirmWatch)))
  return yield* lost
})

const whenBack = (line: Line, outbound: Outbound) => {
  if (line.queueing >= unconfirmedLimit) return unpublished("The broker is away, and too many messages wait for it.")
  const back = Effect.timeoutFail(Deferred.await(line.next), {
    duration: awayLimit,
    onTimeout: () => new Unpublished({ reason: "The broker is away." })
  })
  return Effect.acquireUseRelease(
    Effect.sync(() => void (line.queueing += 1)),
    () => back,
    () => Effect.sync(() => void (line.queueing -= 1))
  ).pipe(
    Effect.flatMap((session) => Effect.async<void, Unpublished>((resume) => transmit(session, outbound, resume)))
  )
}

/** What was sent and not confirmed when the channel is gone may have arrived or not. */
const makeSession = (channel: ConfirmChannel) =>
  Effect.acquireRelease(
    Effect.sync((): Session => ({ channel, waiting: new Set(), returned: new Map(), unconfirmed: 0, watch: 0 })),
    ({ waiting }) =>
      Effect.sync(() => waiting.forEach((sent) => tell(waiting, sent, unpublished("The channel was lost."))))
  )

/** Whoever was told already, because the channel was lost or the time was over, is not told again. */
const tell = (waiting: Set<Sent>, sent: Sent, outcome: Exit.Exit<void, Unpublished>) => {
  if (waiting.delete(sent)) sent.told(outcome)
}

const later = (told: Told, reason: string) => queueMicrotask(() => told(unpublished(reason)))

/** One message, one callback: this is the path that everything takes, so it does nothing else. */
const transmit = (session: Session, { content, exchange, messageId, options, routingKey }: Outbound, told: Told) => {
  if (session.unconfirmed >= unconfirmedLimit) return later(told, "Too many messages are not confirmed yet.")
  const { waiting } = session
  const sent: Sent = { told, watch: session.watch }
  const done = (error: unknown) => {
    session.unconfirmed -= 1
    if (takeReturn(session, messageId)) return tell(waiting, sent, unpublished(`No queue took ${routingKey}.`))
    return tell(waiting, sent, error === null ? Exit.void : unpublished(`Not confirmed: ${textOf(error)}`))
  }
  session.unconfirmed += 1
  waiting.add(sent)
  try {
    session.channel.publish(exchange, routingKey, content, options, done)
  } catch (error) {
    queueMicrotask(() => done(error))
  }
}

/** The broker confirms also what it returned, and returns it first. */
const noteReturn = ({ returned }: Session, { properties }: Message) => {
  const id = String(properties.messageId)
  returned.set(id, (returned.get(id) ?? 0) + 1)
}

const takeReturn = ({ returned }: Session, id: string): boolean => {
  const times = returned.get(id)
  if (times === undefined) return false
  if (times === 1) returned.delete(id)
  else returned.set(id, times - 1)
  return true
}

const giveUpOverdue = (session: Session) => {
  session.watch += 1
  for (const sent of session.waiting) {
    if (session.watch - sent.watch < 3) return
    tell(session.waiting, sent, unpublished("No confirm came in time."))
  }
}
