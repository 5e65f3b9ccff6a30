import { EnvelopeJson } from "@quartet/messaging/Message"
import { Schema } from "effect"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"

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

/** Every frozen sample there is. */
export const samples = readdirSync(folder).filter((file) => file.endsWith(".json")).map(sample)

/** The digests that samples had when they were frozen, by file name, in the format of `sha256sum`. */
export const frozenDigests = new Map(
  textOf("SHA256SUMS").trim().split("\n").map((line): [file: string, digest: string] => {
    const [digest = "", file = ""] = line.split(/\s+/)
    return [file, digest]
  })
)
