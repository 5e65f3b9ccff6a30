import { SqlError } from "@effect/sql/SqlError"
import type { Statement } from "@quartet/messaging/transaction/Statement"
import type { Rows, Transaction, Transactions } from "@quartet/messaging/transaction/Transaction"
import { opening } from "@quartet/messaging/transaction/Transaction"
import { createHash } from "node:crypto"
import type { Pool, PoolClient, QueryResult } from "pg"

/** How many texts keep a name of their own; those beyond it are sent without one. Our texts are constant, and about 100. */
const namesLimit = 500

export interface Options {
  /**
   * Whether a connection prepares each statement once and then names it. The server then parses and plans a text once
   * instead of every time, which is most of what a short statement costs.
   */
  readonly prepares: boolean
}

/**
 * Transactions on connections of the pool. All of it is plain code: a statement costs one callback and one promise, and
 * those of one turn of the event loop leave in one write.
 */
export const make = (pool: Pool, { prepares }: Options): Transactions["Type"] => {
  const nameOf = prepares ? makeNames() : () => undefined
  const withConnection = async <A>(use: (send: Send) => Promise<A>): Promise<A> => {
    const client = await connect(pool)
    let broken: Error | undefined
    const onError = (error: Error) => {
      broken = error
    }
    client.on("error", onError)
    try {
      return await use(sending(client, nameOf))
    } catch (error) {
      if (error instanceof RollbackFailed) broken = error
      throw error instanceof RollbackFailed ? error.reason : error
    } finally {
      client.off("error", onError)
      client.release(broken)
    }
  }
  return {
    run: (work) => withConnection((send) => transact(send, work)),
    query: (statement) => withConnection((send) => send(statement))
  }
}

type Send = (statement: Statement) => Promise<Rows>

/** The connection may still be in the transaction that failed, and must not be used again. */
class RollbackFailed extends Error {
  constructor(readonly reason: unknown) {
    super("ROLLBACK failed.")
  }
}

const transact = async <A>(send: Send, work: (transaction: Transaction) => Promise<A>): Promise<A> => {
  const sent: Array<Promise<Rows>> = []
  const query = (statement: Statement) => {
    const answer = send(statement)
    sent.push(answer)
    return answer
  }
  const deferred: Array<Statement> = []
  try {
    const begun = query(begin)
    const working = work({ query, defer: (statement) => void deferred.push(statement) })
    const [result] = await Promise.all([working, begun])
    for (const statement of deferred) void query(statement)
    void query(commit)
    await Promise.all(sent)
    return result
  } catch (error) {
    const reason = await reasonOf(sent, error)
    await send(rollback).catch(() => {
      throw new RollbackFailed(reason)
    })
    throw reason
  }
}

const begin: Statement = { text: opening, values: [] }
const commit: Statement = { text: "COMMIT", values: [] }
const rollback: Statement = { text: "ROLLBACK", values: [] }

/** What failed first is why; statements that were sent behind it fail because of it, and so may the work. */
const reasonOf = async (sent: ReadonlyArray<Promise<Rows>>, error: unknown): Promise<unknown> => {
  for (const answer of await Promise.allSettled(sent)) if (answer.status === "rejected") return answer.reason
  return error
}

const connect = (pool: Pool): Promise<PoolClient> =>
  new Promise((resolve, reject) =>
    pool.connect((cause, client) =>
      client === undefined || cause !== undefined && cause !== null
        ? reject(new SqlError({ cause, message: "Failed to acquire a connection" }))
        : resolve(client)
    )
  )

const sending = (client: PoolClient, nameOf: (text: string) => string | undefined): Send => {
  const { stream } = client.connection
  let isGathering = false
  const flush = () => {
    isGathering = false
    stream.uncork()
  }
  return ({ text, values }) =>
    new Promise((resolve, reject) => {
      if (!isGathering) {
        isGathering = true
        stream.cork()
        process.nextTick(flush)
      }
      client.query(
        values.length === 0 ? { text } : { name: nameOf(text), text, values: [...values] },
        (cause: Error | null, result: QueryResult | ReadonlyArray<QueryResult>) =>
          cause === null
            ? resolve("rows" in result ? result.rows : [])
            : reject(new SqlError({ cause, message: "Failed to execute statement" }))
      )
    })
}

/** A name for each text, the same in every process. */
const makeNames = () => {
  const names = new Map<string, string>()
  return (text: string): string | undefined => {
    const known = names.get(text)
    if (known !== undefined || names.size >= namesLimit) return known
    const name = createHash("sha1").update(text).digest("hex")
    names.set(text, name)
    return name
  }
}
