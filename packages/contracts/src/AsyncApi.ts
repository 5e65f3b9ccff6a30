import { Envelope } from "@quartet/messaging/Message"
import { JSONSchema, Schema } from "effect"
import type { Entry, Subscription } from "./Catalog.ts"
import { catalog, subscriptions } from "./Catalog.ts"
import type { Json } from "./internal/jsonSchema.ts"
import { plain } from "./internal/jsonSchema.ts"

/** What of a message does not stand in its schema. */
export interface Remarks {
  /** One sentence: what the message announces. */
  readonly meaning: string
  /** Messages as they were on the wire, of this type and version. */
  readonly examples: ReadonlyArray<unknown>
}

const contentType = "application/cloudevents+json"
const namespace = "quartet"
const bindingVersion = "0.3.0"

const exchange = { name: namespace, type: "topic", durable: true, autoDelete: false, vhost: "/" }
const queueOf = (consumer: string): string => `${namespace}.${consumer}`
const ref = (...path: ReadonlyArray<string>) => ({ $ref: `#/${path.join("/")}` })

/** The AsyncAPI 3.0 document of everything that is said and heard over RabbitMQ, in the order of the catalogue. */
export const document = (remarksOf: (type: string) => Remarks): Json => ({
  asyncapi: "3.0.0",
  id: "urn:quartet:messages",
  info,
  defaultContentType: contentType,
  channels: {
    ...Object.fromEntries(catalog.map(({ definition }) => [definition.type, routingKey(definition.type)])),
    ...Object.fromEntries(subscriptions.map((one) => [queueOf(one.consumer), queue(one)]))
  },
  operations: {
    ...Object.fromEntries(catalog.map((entry) => [`say.${entry.definition.type}`, said(entry, remarksOf)])),
    ...Object.fromEntries(subscriptions.map((one) => [`hear.${one.consumer}`, heard(one)]))
  },
  components: {
    messages: Object.fromEntries(catalog.map((entry) => [entry.definition.type, message(entry, remarksOf)])),
    schemas: schemas()
  }
})

const info = {
  title: "Quartet: messages",
  version: "1.0.0",
  description: [
    "What the four services of Quartet say to each other, and who hears it. Every message is a CloudEvent in structured",
    "JSON mode, published persistently to one topic exchange under its type as the routing key. Every consumer has one",
    "quorum queue, bound once for every type it hears. Names begin with the namespace, `quartet` unless another is set.",
    "Messages arrive at least once, and about one order mostly in order; readers ignore fields they do not know."
  ].join(" "),
  license: { name: "MIT", url: "https://opensource.org/license/mit" },
  tags: [...new Set(subscriptions.map(({ service }) => service))].map((name) => ({ name }))
}

const routingKey = (type: string): Json => ({
  address: type,
  messages: { [type]: ref("components", "messages", type) },
  bindings: { amqp: { is: "routingKey", exchange, bindingVersion } }
})

const queue = ({ consumer, types }: Subscription): Json => {
  const name = queueOf(consumer)
  return {
    address: name,
    messages: Object.fromEntries(types.map((type) => [type, ref("components", "messages", type)])),
    bindings: {
      amqp: {
        is: "queue",
        queue: { name, durable: true, exclusive: false, autoDelete: false, vhost: "/" },
        "x-queue-type": "quorum",
        "x-bound-to": { exchange: exchange.name, routingKeys: types },
        "x-dead-letters": `${name}.dead`,
        bindingVersion
      }
    }
  }
}

const said = ({ definition }: Entry, remarksOf: (type: string) => Remarks): Json => ({
  action: "send",
  title: `${definition.speaker} says ${definition.type}`,
  summary: remarksOf(definition.type).meaning,
  tags: [{ name: definition.speaker }],
  channel: ref("channels", definition.type),
  messages: [ref("channels", definition.type, "messages", definition.type)],
  bindings: { amqp: { deliveryMode: 2, mandatory: true, bindingVersion } }
})

const heard = ({ consumer, service, types }: Subscription): Json => ({
  action: "receive",
  title: `${consumer} hears`,
  summary: `What the consumer ${consumer} of the ${service} service hears; it acknowledges after its commit.`,
  tags: [{ name: service }],
  channel: ref("channels", queueOf(consumer)),
  messages: types.map((type) => ref("channels", queueOf(consumer), "messages", type)),
  bindings: { amqp: { ack: true, bindingVersion } }
})

const message = ({ definition, heardBy }: Entry, remarksOf: (type: string) => Remarks): Json => {
  const { speaker, timer, type } = definition
  const { examples, meaning } = remarksOf(type)
  return {
    name: type,
    title: type,
    summary: meaning,
    description: `Said by ${speaker}, heard by ${heardBy.join(" and ")}.${
      timer ? " It may have a due time, and keeps no order with other messages." : ""
    }`,
    contentType,
    tags: [{ name: speaker }],
    correlationId: {
      description: "The same for everything that follows from one request.",
      location: "$message.payload#/correlationid"
    },
    payload: {
      allOf: [ref("components", "schemas", "CloudEvent"), {
        type: "object",
        properties: {
          type: { const: type },
          source: { const: `/quartet/${speaker}` },
          dataschema: { const: `urn:quartet:message:${type}` },
          data: ref("components", "schemas", type)
        }
      }]
    },
    bindings: { amqp: { messageType: type, bindingVersion } },
    examples: examples.map((payload, index) => ({ name: `sample${index + 1}`, payload }))
  }
}

const data = Schema.Object.annotations({ jsonSchema: { type: "object" } })

const envelopeMeaning = [
  "CloudEvents 1.0 in structured JSON mode. `id` is the same however often a message arrives; `subject` is the order;",
  "`causationid` names the message or request that led to this one; `correlationid` is the same for everything that",
  "follows from one request; `traceparent` is W3C Trace Context."
].join(" ")

/** The envelope, every payload, and what payloads are made of. */
const schemas = (): Json => {
  const definitions: Record<string, JSONSchema.JsonSchema7> = {}
  const describe = (schema: Schema.Schema.AnyNoContext) =>
    JSONSchema.fromAST(schema.ast, {
      definitions,
      definitionPath: "#/components/schemas/",
      additionalPropertiesStrategy: "allow"
    })
  const envelope = describe(Schema.Struct({ ...Envelope.fields, data }).annotations({ description: envelopeMeaning }))
  const payloads = Object.fromEntries(catalog.map(({ definition, payload }) => [definition.type, describe(payload)]))
  return plain({ CloudEvent: envelope, ...payloads, ...definitions })
}
