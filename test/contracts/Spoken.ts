import type { Entry } from "@quartet/contracts/Catalog"
import type { Outgoing } from "@quartet/messaging/Message"
import { MessageId } from "@quartet/messaging/Message"
import * as Outbox from "@quartet/messaging/Outbox"
import { Arbitrary, DateTime, Either, FastCheck, Schema } from "effect"
import { v7 } from "uuid"

const now = DateTime.unsafeMake("2026-03-02T09:15:00Z")

/** What the outbox writes down of a message, to the letter. */
export const written = (message: Outgoing, id = v7()): string =>
  Outbox.written({ message, lineage: { causationId: id, correlationId: id } }, MessageId.make(id), now)

/** Anything that the speaker's own schema lets it say; `about` puts known values in place of made up ones. */
export const anySaying = (
  { payload, read }: Entry,
  about: Readonly<Record<string, unknown>> = {}
): FastCheck.Arbitrary<Outgoing> => {
  const encode = Schema.encodeSync(payload)
  const known = (data: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, key in about ? about[key] : value]))
  return Arbitrary.make(payload).map((data) => Either.getOrThrow(read(known(encode(data)))))
}

/** The same few sayings on every run. */
export const someSayings = (
  entry: Entry,
  about: Readonly<Record<string, unknown>>,
  count: number
): ReadonlyArray<Outgoing> => FastCheck.sample(anySaying(entry, about), { numRuns: count, seed: 4 })
