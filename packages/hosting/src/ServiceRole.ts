import { Redacted, Schema } from "effect"
import { createHash, createHmac, pbkdf2Sync } from "node:crypto"

/** A service's name is its schema's name too, so it must be a plain identifier. */
export const ServiceName = Schema.String.pipe(Schema.pattern(/^[a-z][a-z0-9_]{0,30}$/), Schema.brand("ServiceName"))
export type ServiceName = typeof ServiceName.Type

/** The login role of one service, and the only secret it knows. */
export interface ServiceRole {
  readonly name: string
  readonly schema: string
  readonly password: Redacted.Redacted<string>
}

/** What PostgreSQL keeps of an identifier; it drops the rest without an error. */
const longestName = 63

/**
 * Roles belong to the whole server, so their names carry the database's: two installations on one server would else give
 * each other's roles new passwords.
 */
export const prefixFor = (database: string): string => `quartet_${database}`

/** What the role was called when its name did not carry the database's. */
export const formerName = (service: string): string => `quartet_${service}`

/** A name that is too long is cut, and told from others that begin like it by a part of its digest. */
export const nameOf = (prefix: string, service: string): string => {
  const name = `${prefix}_${service}`
  if (Buffer.byteLength(name) <= longestName) return name
  const end = `_${createHash("sha256").update(name).digest("hex").slice(0, 8)}_${service}`
  const room = longestName - Buffer.byteLength(end)
  const kept = Array.from(prefix)
  while (Buffer.byteLength(kept.join("")) > room) kept.pop()
  return `${kept.join("")}${end}`
}

/**
 * Derives the role from the secret, so that every process that knows the secret finds the same password without storing it.
 */
export const make = (service: ServiceName, prefix: string, secret: Redacted.Redacted<string>): ServiceRole => {
  const name = nameOf(prefix, service)
  const password = createHmac("sha256", Redacted.value(secret)).update(`role:${name}`).digest("base64url")
  return { name, schema: service, password: Redacted.make(password) }
}

const iterations = 4096

/**
 * The SCRAM-SHA-256 verifier (RFC 5802, as PostgreSQL stores it). Sending it instead of the password keeps the password
 * out of the server's statement log.
 */
export const verifierOf = (role: ServiceRole): string => {
  const password = Redacted.value(role.password)
  const salt = createHmac("sha256", password).update("salt").digest().subarray(0, 16)
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256")
  const clientKey = createHmac("sha256", salted).update("Client Key").digest()
  const storedKey = createHash("sha256").update(clientKey).digest("base64")
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64")
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`
}
