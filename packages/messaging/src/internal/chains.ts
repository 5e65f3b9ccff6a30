import type { Cause, Scope } from "effect"
import { Clock, Duration, Effect, FiberSet, Queue } from "effect"
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
 * the queue; what could not be said, and what waits behind it, is released after a pause.
 */
export const makeChains = Effect.fnUntraced(function*(
  confirmed: Queue.Enqueue<string>,
  release: (rows: ReadonlyArray<OutboxRow>) => void
): Effect.fn.Return<(rows: ReadonlyArray<OutboxRow>) => void, never, Broker | Scope.Scope> {
  const broker = yield* Broker
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const chains = new Map<string, Chain>()

  const end = (chain: Chain) =>
    Effect.sync(() => {
      chains.delete(chain.name)
      release(chain.rows)
    })
  const tellOf = makeTell()
  const follow = (chain: Chain): Effect.Effect<void> =>
    Effect.suspend(() => {
      const row = chain.rows[0]
      return row === undefined ? end(chain) : Effect.matchCauseEffect(broker.publish(row), {
        onSuccess: () =>
          Effect.flatMap(Queue.offer(confirmed, row.seq), () => {
            chain.rows.shift()
            return follow(chain)
          }),
        onFailure: (cause) =>
          tellOf(row, cause).pipe(
            Effect.zipRight(Effect.sleep(Retry.republishPause)),
            Effect.zipRight(end(chain))
          )
      })
    })
  const start = (row: OutboxRow) => {
    const name = row.timer ? row.seq : row.subject
    const running = chains.get(name)
    if (running !== undefined) return running.rows.push(row)
    const chain: Chain = { name, rows: [row] }
    chains.set(name, chain)
    return run(follow(chain))
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
