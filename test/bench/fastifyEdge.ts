import { Config, Effect, Redacted } from "effect"
import fastify from "fastify"
import { errors, jwtVerify } from "jose"
import { createPublicKey, randomUUID } from "node:crypto"
import { Pool } from "pg"
import { makeBatches } from "./fastifyBatch.ts"

const settings = Effect.runSync(Config.all({
  database: Config.redacted("ORDER_DATABASE_URL"),
  publicKey: Config.string("AUTH_PUBLIC_KEY"),
  port: Config.integer("ORDER_PORT")
}))

const pool = new Pool({ connectionString: Redacted.value(settings.database), max: 10 })
const place = makeBatches(pool)

const key = createPublicKey({ key: Buffer.from(settings.publicKey, "base64"), format: "der", type: "spki" })
const expected = {
  issuer: "quartet",
  audience: "quartet",
  algorithms: ["ES256"],
  requiredClaims: ["sub", "exp"],
  clockTolerance: 5
}

const subjectOf = async (authorization: string): Promise<string | undefined> => {
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ""
  try {
    return (await jwtVerify(token, key, expected)).payload.sub
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

const money = {
  type: "object",
  properties: { amount: { type: "integer" }, currency: { type: "string" } }
} satisfies Record<string, unknown>

const body = {
  type: "object",
  additionalProperties: false,
  required: ["lines"],
  properties: {
    lines: {
      type: "array",
      minItems: 1,
      maxItems: 50,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["sku", "quantity"],
        properties: {
          sku: { type: "string", pattern: "^[A-Za-z0-9._-]{1,64}$" },
          quantity: { type: "integer", minimum: 1, maximum: 1000 }
        }
      }
    }
  }
}

const text = { type: "string" }
const line = { type: "object", properties: { sku: text, name: text, quantity: { type: "integer" }, unitPrice: money } }
const order = {
  type: "object",
  properties: {
    id: text,
    status: text,
    version: { type: "integer" },
    lines: { type: "array", items: line },
    total: money,
    refund: text,
    placedAt: text,
    updatedAt: text
  }
}

/**
 * What the edge is compared with: `POST /orders` as a fast server does it that has nothing else to do. It verifies the same
 * token, by the library that we use, validates the same body by fastify's own compiler, and writes the same rows in the
 * same batches. It has no rate limits, no idempotency keys, no waiting, no metrics, no problem documents, no security
 * headers and no log, and a request in its hands dies with its caller; ours does all that in what it is given beyond this.
 * It looks at each token anew, as one writes it first; ours remembers for a minute that a signature was good.
 */
const server = fastify({ logger: false, bodyLimit: 64 * 1024 })

server.post<{ Body: { lines: ReadonlyArray<{ sku: string; quantity: number }> } }>(
  "/orders",
  { schema: { body, response: { 201: order } } },
  async (request, reply) => {
    const customerId = await subjectOf(request.headers.authorization ?? "")
    if (customerId === undefined) return reply.code(401).send()
    const placed = await place({ customerId, correlationId: randomUUID(), lines: request.body.lines })
    if (placed === undefined) return reply.code(422).send()
    return reply.code(201).header("location", `/orders/${placed.id}`).send(placed)
  }
)

await server.listen({ host: "127.0.0.1", port: settings.port })
