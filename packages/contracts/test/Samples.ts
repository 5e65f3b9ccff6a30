import { EnvelopeJson } from "@quartet/messaging/Message"
import { Either, Predicate, Schema } from "effect"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"
import type { Entry } from "../src/Catalog.ts"

const folder = new URL("samples/", import.meta.url)

const textOf = (file: string) => readFileSync(new URL(file, folder), "utf8")

const AnyJson = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))

/** One frozen message: the bytes as they once were on the wire. */
const sample = (file: string) => {
  const text = textOf(file)
  return {
    type: file.slice(0, -".json".length),
    text,
    raw: Schema.decodeSync(AnyJson)(text),
    envelope: Schema.decodeSync(EnvelopeJson)(text),
    digest: createHash("sha256").update(text).digest("hex")
  }
}
export type Sample = ReturnType<typeof sample>

/** Every frozen sample there is. */
export const samples: ReadonlyArray<Sample> = readdirSync(folder).filter((file) => file.endsWith(".json")).map(sample)

/** The digests that samples had when they were frozen, by file name, in the format of `sha256sum`. */
export const frozenDigests = new Map(
  textOf("SHA256SUMS").trim().split("\n").map((line): [file: string, digest: string] => {
    const [digest = "", file = ""] = line.split(/\s+/)
    return [file, digest]
  })
)

/** The same document with a field nobody knows in every object of it. */
export const withStrangers = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withStrangers)
  if (!Predicate.isReadonlyRecord(value)) return value
  const known = Object.entries(value).map(([key, inner]): [string, unknown] => [key, withStrangers(inner)])
  return Object.fromEntries([...known, ["addedLater", { by: ["a newer speaker"] }]])
}

/**
 * What a message's reader would lose or refuse of a frozen sample: nothing, unless the message was changed in a way that
 * needs a new version.
 */
export const breachesOf = ({ definition, read }: Entry, { envelope, raw, type }: Sample): ReadonlyArray<string> => {
  const newer = Schema.decodeUnknownSync(Schema.Struct({ data: Schema.Unknown }))(withStrangers(raw))
  const asItWas = Either.match(read(envelope.data), {
    onLeft: ({ message }) => [`cannot be read: ${message}`],
    onRight: ({ data, speaker, subject }) => [
      ...(definition.type === type ? [] : [`is now called ${definition.type}`]),
      ...(isDeepStrictEqual(data, envelope.data) ? [] : ["loses or changes a field"]),
      ...(subject === envelope.subject ? [] : ["is about something else"]),
      ...(`/quartet/${speaker}` === envelope.source ? [] : ["is said by somebody else"])
    ]
  })
  const withMore = Either.match(read(newer.data), {
    onLeft: ({ message }) => [`cannot be read with fields that nobody knows: ${message}`],
    onRight: ({ data }) => isDeepStrictEqual(data, envelope.data) ? [] : ["takes over fields that nobody knows"]
  })
  return [...asItWas, ...withMore]
}
