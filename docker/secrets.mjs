import { randomBytes } from "node:crypto"
import { readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"

// The passwords of an installation: `node secrets.mjs /secrets` writes each into the folders of the containers that need it.
// Each folder is a volume of its own, so a container can read no other. A value from the environment replaces what is
// kept; what is neither given nor kept is generated. Only a random value that nobody chose can be safe by default.

const services = ["order", "payment", "inventory", "warehouse"]

const databaseUrl = (role) => (password) => `postgres://${role}:${encodeURIComponent(password)}@postgres:5432/quartet`
const brokerUrl = (user) => (password) => `amqp://${user}:${encodeURIComponent(password)}@rabbitmq:5672`
const itself = (secret) => secret

/** Each secret by its setting: the file that keeps it, and the files that are derived from it, for other readers. */
const secrets = [
  {
    name: "POSTGRES_PASSWORD",
    kept: "postgres/postgres",
    derived: { "quartet/database-url": databaseUrl("postgres") }
  },
  {
    name: "ADMIN_AMQP_PASSWORD",
    kept: "rabbitmq/admin",
    derived: { "quartet/amqp-url": brokerUrl("admin"), "topology/amqp-url": brokerUrl("admin") }
  },
  ...services.flatMap((service) => [
    {
      name: `${service.toUpperCase()}_DATABASE_PASSWORD`,
      kept: `postgres/${service}`,
      derived: { [`${service}/database-url`]: databaseUrl(`quartet_${service}`) }
    },
    {
      name: `${service.toUpperCase()}_AMQP_PASSWORD`,
      kept: `rabbitmq/${service}`,
      derived: { [`${service}/amqp-url`]: brokerUrl(service) }
    }
  ]),
  {
    name: "STRIPE_WEBHOOK_SECRET",
    prefix: "whsec_",
    kept: "simulator/stripe-webhook-secret",
    derived: { "payment/stripe-webhook-secret": itself },
    // In production the provider made it, so a generated one would refuse each of its events.
    mustBeGiven: process.env.NODE_ENV === "production"
  }
]

/** Characters of a given secret; the longest that RabbitMQ and PostgreSQL both take is above it. */
const longest = 512

/** What is wrong with a setting, without its text. */
const wrong = ({ name, mustBeGiven }) => {
  const given = process.env[name] ?? ""
  if (given.trim() === "") return mustBeGiven ? [`${name}: Set it to the endpoint's signing secret.`] : []
  return /\p{Cc}/u.test(given) || given.length > longest
    ? [`${name}: Expected at most ${longest} characters, and no control characters.`]
    : []
}

const read = async (file) => {
  try {
    return await readFile(file, "utf8")
  } catch (error) {
    if (error.code === "ENOENT") return undefined
    throw error
  }
}

/** Replaces a file as a whole, so that a reader finds the old text or the new one. */
const write = async (file, text) => {
  if (await read(file) === text) return
  const draft = `${file}.draft`
  await rm(draft, { force: true })
  await writeFile(draft, text, { mode: 0o400 })
  await rename(draft, file)
}

/** Ends with what is wrong, a line for each. */
const refuse = (lines) => {
  for (const line of lines) console.error(line)
  process.exit(1)
}

const keep = async (folder, { derived, kept, name, prefix = "" }) => {
  const given = process.env[name] ?? ""
  const secret = given.trim() === ""
    ? await read(join(folder, kept)) ?? `${prefix}${randomBytes(32).toString("hex")}`
    : given
  for (const [file, text] of [[kept, itself], ...Object.entries(derived)]) {
    const path = join(folder, file)
    await write(path, text(secret)).catch(({ code }) => refuse([`${path} cannot be written: ${code}`]))
  }
}

const [folder = "/secrets"] = process.argv.slice(2)
const errors = secrets.flatMap(wrong)
if (errors.length > 0) refuse(errors)
for (const secret of secrets) await keep(folder, secret)
