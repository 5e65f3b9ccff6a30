import type { SqlClient } from "@effect/sql"
import type { ConfigError } from "effect"
import { Layer } from "effect"
import * as Archive from "./Archive.ts"
import * as IdempotencyKeys from "./IdempotencyKeys.ts"
import * as Inbox from "./Inbox.ts"
import * as KeyExpiry from "./KeyExpiry.ts"
import * as Outbox from "./Outbox.ts"
import * as Parking from "./Parking.ts"

/** Everything an actor, a consumer and a relay of one service keep in its schema. */
export const layer: Layer.Layer<
  Archive.Archive | IdempotencyKeys.IdempotencyKeys | Inbox.Inbox | Outbox.Outbox | Parking.Parking,
  ConfigError.ConfigError,
  SqlClient.SqlClient
> = Layer.mergeAll(Archive.layer, KeyExpiry.layer, Inbox.layer, Outbox.layer, Parking.layer).pipe(
  Layer.provideMerge(IdempotencyKeys.layer)
)
