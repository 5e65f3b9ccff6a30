import type { Cause, Queue, Scope } from "effect"
import { Clock, Duration, Effect, Exit, FiberSet } from "effect"
import { Broker } from "../Broker.ts"
import * as Retry from "../Retry.ts"
import type { OutboxRow } from "./outboxRows.ts"

/** One line in so long tells of messages that cannot be said: while a broker is away, that is all of them. */
const tellPause = Duration.seconds(5)

/** Rows of one subject, or one timer, on their way; the first is being published. */
interface Chain {
  readonly name: string
  readonly rows: Array<OutboxRow>
}

/**
 * Publishes rows: those of one subject one after the other, subjects and timers side by side. What was confirmed goes to
 * the queue, which has room for all that is under way; what could not be said, and what waits behind it, is released after
 * a pause. The scope's end stops every chain.
 */
export const makeChains = Effect.fnUntraced(function*(
  confirmed: Queue.Enqueue<string>,
  release: (rows: ReadonlyArray<OutboxRow>) => void
): Effect.fn.Return<(rows: ReadonlyArray<OutboxRow>) => void, never, Broker | Scope.Scope> {
  const broker = yield* Broker
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const tellOf = makeTell()
  const chains = new Map<string, Chain>()
  let stopped = false
  yield* Effect.addFinalizer(() => Effect.sync(() => stopped = true))

  const end = (chain: Chain) => {
    chains.delete(chain.name)
    release(chain.rows)
  }
  const pause = (chain: Chain, row: OutboxRow, cause: Cause.Cause<unknown>) =>
    tellOf(row, cause).pipe(
      Effect.zipRight(Effect.sleep(Retry.republishPause)),
      Effect.zipRight(Effect.sync(() => end(chain)))
    )
  const follow = (chain: Chain): void => {
    const row = chain.rows[0]
    if (row === undefined) return end(chain)
    return broker.unsafePublish(row, (outcome) => {
      if (stopped) return
      if (Exit.isFailure(outcome)) return void run(pause(chain, row, outcome.cause))
      confirmed.unsafeOffer(row.seq)
      chain.rows.shift()
      return follow(chain)
    })
  }
  const start = (row: OutboxRow) => {
    const name = row.timer ? row.seq : row.subject
    const running = chains.get(name)
    if (running !== undefined) return running.rows.push(row)
    const chain: Chain = { name, rows: [row] }
    chains.set(name, chain)
    return follow(chain)
  }
  return (rows) => rows.forEach(start)
})

const makeTell = () => {
  let told = Number.NEGATIVE_INFINITY
  return (row: OutboxRow, cause: Cause.Cause<unknown>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const line = `Relay: ${row.type} was not published and is tried again`
      if (now - told < Duration.toMillis(tellPause)) return Effect.logDebug(line, cause)
      told = now
      return Effect.logWarning(line, cause)
    })
}
