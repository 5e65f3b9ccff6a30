import { DateTime, Effect, Schema } from "effect"
import type { Notice, Publication } from "../Broker.ts"
import { noticeTypes } from "../Broker.ts"
import type { Json } from "../Json.ts"
import { Envelope, MessageId } from "../Message.ts"
import { written } from "../Outbox.ts"
import * as Uuid from "../Uuid.ts"
import { manifestLimit } from "./auditRows.ts"

const Ids = Schema.Array(MessageId).pipe(Schema.maxItems(manifestLimit))

/** What a subscriber should have by now; `replyTo` is the consumer that takes the receipt. */
export const Manifest = Schema.Struct({ number: Schema.Int, replyTo: Schema.NonEmptyString, ids: Ids })
export type Manifest = typeof Manifest.Type

/** What a subscriber lacks of the manifest with this number. */
export const Receipt = Schema.Struct({ consumer: Schema.NonEmptyString, number: Schema.Int, missing: Ids })
export type Receipt = typeof Receipt.Type

/**
 * A notice is an envelope like any other, so that a process of an earlier release reads it, finds a type that it does not
 * know, and ignores it.
 */
const notice = (service: string, kind: keyof typeof noticeTypes, to: string, data: Json) =>
  Effect.map(DateTime.now, (now): Publication => {
    const id = MessageId.make(Uuid.fresh(), true)
    const type = `${service}.${noticeTypes[kind]}`
    const message = { type, speaker: service, timer: false, subject: to, data }
    return {
      id,
      type,
      subject: to,
      body: written({ message, lineage: { causationId: id, correlationId: id } }, id, now)
    }
  })

export const manifestOf = (service: string, to: string, data: Manifest) => notice(service, "manifest", to, { ...data })

export const receiptOf = (service: string, to: string, data: Receipt) => notice(service, "receipt", to, { ...data })

const decodeManifest = Schema.decode(Schema.parseJson(Schema.Struct({ ...Envelope.fields, data: Manifest })))
const decodeReceipt = Schema.decode(Schema.parseJson(Schema.Struct({ ...Envelope.fields, data: Receipt })))

export const isManifest = ({ sender, type }: Notice): boolean => type === `${sender}.${noticeTypes.manifest}`

export const readManifest = ({ body }: Notice) => Effect.map(decodeManifest(body), ({ data }) => data)

export const readReceipt = ({ body }: Notice) => Effect.map(decodeReceipt(body), ({ data }) => data)
