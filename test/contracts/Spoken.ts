import type { Entry } from "@quartet/contracts/Catalog"
import type { Outgoing } from "@quartet/messaging/Message"
import { EnvelopeJson, MessageId } from "@quartet/messaging/Message"
import { Arbitrary, DateTime, Either, FastCheck, Schema } from "effect"
import { v7 } from "uuid"

const now = DateTime.unsafeMake("2026-03-02T09:15:00Z")

const inJson = Schema.encodeSync(EnvelopeJson)

/** What the outbox writes down of a message, to the letter. */
export const written = (message: Outgoing, id = v7()): string =>
  inJson({
    specversion: "1.0",
    id: MessageId.make(id),
    source: `/quartet/${message.speaker}`,
    type: message.type,
    subject: message.subject,
    time: DateTime.formatIso(now),
    datacontenttype: "application/json",
    dataschema: `urn:quartet:message:${message.type}`,
    correlationid: id,
    causationid: id,
    data: message.data
  })

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
