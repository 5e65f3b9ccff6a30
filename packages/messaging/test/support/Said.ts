import { SqlClient } from "@effect/sql"
import { Effect } from "effect"
import { Inbox } from "../../src/Inbox.ts"
import type { Outgoing } from "../../src/Message.ts"
import { Outbox } from "../../src/Outbox.ts"
import { written } from "../../src/testing/Written.ts"
import { atomically } from "../../src/Transaction.ts"
import { countOf } from "./Counter.ts"

/** Appends these in one transaction; `wake` is left to the test. */
export const append = Effect.fnUntraced(function*(...messages: ReadonlyArray<Outgoing>) {
  const outbox = yield* Outbox
  const inbox = yield* Inbox
  const lineage = { causationId: "c", correlationId: "c" }
  yield* Effect.flatMap(
    inbox.claim("clock", []),
    ({ now }) => written(outbox.append(messages.map((message) => ({ message, lineage })), now))
  ).pipe(atomically)
})

/** How many wait to be said. */
export const unpublished = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => countOf(sql`SELECT count(*) AS n FROM outbox_unsent`)
)
