import { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import { Context, Deferred, Effect, Exit, Fiber, FiberId, Runtime, Scope } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import * as AnswerFields from "./AnswerFields.ts"
import type { AnsweringOptions, Application } from "./Answering.ts"
import { answered, overloaded } from "./Answering.ts"
import type { Connections } from "./Connections.ts"
import { Correlation } from "./Correlation.ts"
import type { Answer, Exchange } from "./Exchange.ts"
import * as Exchanges from "./Exchange.ts"
import * as NodeAnswer from "./NodeAnswer.ts"
import { CurrentPlace, Place } from "./Place.ts"
import * as RequestLog from "./RequestLog.ts"
import * as Slots from "./Slots.ts"
import { Stopping } from "./Stopping.ts"

export interface EdgeOptions extends AnsweringOptions {
  /** How many requests may be worked on at a time; one sender, or all strangers together, get half of that. */
  readonly inFlight: number
  /** How many requests there may be at a time, also of those that are being read or wait. */
  readonly atOnce: number
  readonly connections: Connections
  /** Requests are told at debug level only. */
  readonly quiet: boolean
}

/** What stands between Node's server and an application. */
export interface Edge {
  /** Takes a request from Node and answers it, whatever happens inside. */
  readonly take: (incoming: IncomingMessage, outgoing: ServerResponse) => void
  /** From now on each answer says that its connection ends, and whoever holds one back is told. */
  readonly stop: Effect.Effect<void>
  /** How many requests are not answered yet. */
  readonly busy: () => number
}

/**
 * Puts the edge around an application: whatever happens inside, the caller gets an answer of the same make. Each request
 * has one fiber, made with everything that its handler may ask for: to provide that piece by piece, to run the handler in
 * a fiber of its own and to trace it cost more than the handler. What is left in hand when the scope closes is interrupted.
 */
export const make = Effect.fnUntraced(function*<E, R>(
  app: Application<E, R>,
  options: EdgeOptions
): Effect.fn.Return<Edge, never, R | Scope.Scope> {
  const runtime = yield* Effect.runtime<R>()
  const stopping = yield* makeStopping
  const { connections } = options
  const places = Slots.halves(options.inFlight)
  const working = new Set<Fiber.RuntimeFiber<Answer>>()
  yield* Effect.addFinalizer(() => Fiber.interruptAll(working))
  const fork = forking({ ...runtime, context: Context.add(runtime.context, Stopping, stopping.heard) })
  const finish = (exchange: Exchange, answer: Answer) => {
    const { outgoing, request } = exchange
    const { status } = answer
    RequestLog.tell(runtime, { ...exchange, status, route: Exchanges.routeOf(exchange, options.routes) }, options.quiet)
    if (outgoing.destroyed) return
    const cors = options.facing?.cors.fieldsFor(request) ?? {}
    NodeAnswer.send(outgoing, answer, AnswerFields.of(answer, { ...exchange, isStopping: stopping.isTold(), cors }))
  }
  const handle = (exchange: Exchange) => {
    const fiber = fork(exchange, answered(app, exchange, options))
    working.add(fiber)
    fiber.addObserver((exit) => {
      working.delete(fiber)
      const { outgoing, place } = exchange
      place.release()
      if (Exit.isFailure(exit)) return void outgoing.destroy()
      finish(exchange, exit.value)
      if (NodeAnswer.goesOn(exit.value) && !outgoing.destroyed) outgoing.once("close", () => place.disconnect())
      else place.disconnect()
    })
    // Work that has begun must reach its next durable step though its caller hung up (H10).
    if (Exchanges.isSafe(exchange)) exchange.outgoing.once("close", () => fiber.unsafeInterruptAsFork(FiberId.none))
  }
  const take = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const place = new Place(places, connections, incoming.socket)
    const exchange = Exchanges.make(incoming, outgoing, place)
    return working.size < options.atOnce ? handle(exchange) : finish(exchange, overloaded(exchange))
  }
  return { take, stop: stopping.tell, busy: () => working.size }
})

/** Whether the server was told to stop, and a way to be told of it. */
const makeStopping = Effect.map(Deferred.make<void>(), (told) => {
  let isTold = false
  const tell = Effect.suspend(() => {
    isTold = true
    return Effect.asVoid(Deferred.succeed(told, undefined))
  })
  return { tell, heard: Deferred.await(told), isTold: () => isTold }
})

/** So many are made at once: to run an effect costs more than to make a scope. */
const scopesAtOnce = 64

/** A scope for each call. */
const newScope = (() => {
  let made: Array<Scope.CloseableScope> = []
  return (): Scope.CloseableScope => {
    const scope = made.pop()
    if (scope !== undefined) return scope
    const [first, ...others] = Effect.runSync(
      Effect.all([Scope.make(), ...Array.from({ length: scopesAtOnce }, () => Scope.make())])
    )
    made = others
    return first
  }
})()

/** Runs what answers a request in a fiber that has all that it may ask for; its scope closes when the answer was sent. */
const forking = <R>(runtime: Runtime.Runtime<R>) =>
(
  { correlationId, outgoing, place, request }: Exchange,
  answering: Effect.Effect<Answer, never, R | HttpServerRequest | Scope.Scope>
): Fiber.RuntimeFiber<Answer> => {
  const scope = newScope()
  const close = Scope.close(scope, Exit.void)
  const ended = Effect.onExit(answering, (exit) => {
    if (Exit.isFailure(exit) || !NodeAnswer.goesOn(exit.value) || outgoing.destroyed) return close
    return Effect.sync(() => outgoing.once("close", () => void Effect.runFork(close)))
  })
  const own = Context.make(HttpServerRequest, request).pipe(
    Context.add(Correlation, correlationId),
    Context.add(CurrentPlace, place),
    Context.add(Scope.Scope, scope)
  )
  const context = Context.merge(runtime.context, own)
  return Runtime.runFork(Runtime.make({ ...runtime, context }))(ended)
}
