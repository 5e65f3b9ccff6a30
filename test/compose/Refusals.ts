import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import type { Channel } from "amqplib"
import { connect } from "amqplib"
import { Effect, Predicate } from "effect"
import { Client } from "pg"

const codeOf = (error: unknown) => Predicate.hasProperty(error, "code") ? String(error.code) : String(error)

/** What PostgreSQL says to one statement: `done`, or the code of its refusal. */
export const sqlAnswer = (url: string, statement: string) =>
  Effect.promise(async () => {
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      return await client.query(statement).then(() => "done", codeOf)
    } catch (error) {
      return codeOf(error)
    } finally {
      await client.end().catch(() => undefined)
    }
  })

/** What RabbitMQ says to one deed on a channel of its own: `done`, or the code with which it closed the channel. */
export const amqpAnswer = (url: string, deed: (channel: Channel) => Promise<unknown> | boolean) =>
  Effect.promise(async () => {
    const connection = await connect(url)
    connection.on("error", () => undefined)
    try {
      const channel = await connection.createConfirmChannel()
      const refused = new Promise<string>((resolve) => channel.on("error", (error) => resolve(codeOf(error))))
      const done = async () => {
        await deed(channel)
        await channel.waitForConfirms()
        return "done"
      }
      // The reason comes by the channel; what waits on it only learns that it is closed.
      return await Promise.race([done().catch(() => refused), refused])
    } finally {
      await connection.close().catch(() => undefined)
    }
  })

/** What RabbitMQ answers to a user with a password: `accepted`, or `refused` where it takes neither. */
export const amqpEntry = (url: string) =>
  Effect.promise(async () => {
    try {
      await (await connect(url)).close()
      return "accepted"
    } catch (error) {
      if (String(error).includes("ACCESS_REFUSED")) return "refused"
      throw error
    }
  })

const statusOf = (request: HttpClientRequest.HttpClientRequest) =>
  HttpClient.execute(request).pipe(
    Effect.map(({ status }) => status),
    Effect.orDie,
    Effect.provide(FetchHttpClient.layer)
  )

/** The status of an empty event with this signature at the payment service. */
export const webhookStatus = (payment: string, signature: string) =>
  statusOf(
    HttpClientRequest.post(`${payment}/webhooks/stripe`).pipe(
      HttpClientRequest.setHeader("Stripe-Signature", signature),
      HttpClientRequest.bodyText("{}", "application/json")
    )
  )

/** The status of a question that operators alone may ask. */
export const stockStatus = (url: string, token: string) =>
  statusOf(HttpClientRequest.bearerToken(HttpClientRequest.get(url), token))
