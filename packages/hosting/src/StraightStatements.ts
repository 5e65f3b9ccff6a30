import type { PgClient } from "@effect/sql-pg/PgClient"
import { TransactionConnection } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Statement } from "@effect/sql/Statement"
import { isFragment } from "@effect/sql/Statement"
import { Context, Effect, Option, Predicate } from "effect"

type Rows = Effect.Effect<ReadonlyArray<unknown>, SqlError>

/** A statement as the library makes it: what runs is what it commits to. */
interface Committing extends Statement<unknown> {
  readonly commit: () => Rows
}

const isCommitting = (made: unknown): made is Committing => isFragment(made) && Predicate.hasProperty(made, "commit")

/**
 * Has the statements of a transaction go straight to its connection. The library gives each of them a span and a scope of
 * its own and looks for a connection that cannot be another one: that takes longer than all that the driver does.
 */
export const goStraight = (client: PgClient): PgClient =>
  new Proxy(client, {
    apply: (target, self, args) => {
      const made: unknown = Reflect.apply(target, self, args)
      if (isCommitting(made)) Reflect.set(made, "commit", straight(made, made.commit.bind(made)))
      return made
    }
  })

const straight = (statement: Committing, otherwise: () => Rows) => (): Rows =>
  Effect.withFiberRuntime((fiber) => {
    const open = Context.getOption(fiber.currentContext, TransactionConnection)
    if (Option.isNone(open)) return otherwise()
    const [connection] = open.value
    const [text, values] = statement.compile()
    return connection.execute(text, values, undefined)
  })
