import type { Channel, ConsumeMessage } from "amqplib"
import { Config, ConfigError, Duration, Effect, Either, Layer, Option, Queue, Redacted } from "effect"
import type { Notice, Publication, Subscription } from "./Broker.ts"
import { Broker, noticeTypes } from "./Broker.ts"
import { makeConnection } from "./internal/rabbitConnection.ts"
import type { Intake } from "./internal/rabbitConsumer.ts"
import { attemptHeader, makeIntake } from "./internal/rabbitConsumer.ts"
import type { Outbound } from "./internal/rabbitPublisher.ts"
import { makePublisher, sent } from "./internal/rabbitPublisher.ts"
import { declare, makeNames } from "./internal/rabbitTopology.ts"
import * as Setting from "./Setting.ts"

export interface Options {
  /** `amqp://` or `amqps://`. When it names a user, the broker checks that every message is sent by that user. */
  readonly url: Redacted.Redacted<string>
  /** Every consumer of the whole system, whether it lives in this process or not. */
  readonly subscriptions: ReadonlyArray<Subscription>
  /** Names the connections. */
  readonly service: string
  /** What every name at the broker begins with; `quartet` unless told otherwise. */
  readonly namespace?: string
  /**
   * Whether this process makes exchanges and queues, as it does unless told otherwise. Where it does not, its user at the
   * broker needs no right to, and somebody else makes them first.
   */
  readonly declares?: boolean
  /** How often exchanges, queues and bindings are asserted again while the connection stands; 30 seconds when absent. */
  readonly assertEvery?: Duration.Duration
}

/**
 * A binding that somebody removed loses every message until it is back, and each assertion costs about a hundred
 * questions to the broker. What is lost between two of them is republished by the audit of deliveries.
 */
const assertPause = Duration.seconds(30)

/** More notices than a service has subscribers; the sender of one that is dropped sends it again. */
const noticeLimit = 64

const defaultNamespace = "quartet"

/**
 * RabbitMQ behind the seam. It is there at once, whether the broker is or not: until then nothing can be published and it
 * is not ready. Publishing and consuming have a connection each, since an alarm at the broker stops those that publish.
 */
export const layer = (options: Options): Layer.Layer<Broker> =>
  Layer.scoped(
    Broker,
    Effect.gen(function*() {
      const { service, subscriptions, url } = options
      const namespace = options.namespace ?? defaultNamespace
      const names = makeNames(namespace)
      const letters = makeLetters(url, names.exchange)
      const declaring = (wanted: ReadonlyArray<Subscription>) => (channel: Channel) =>
        options.declares === false ? Effect.void : declare(channel, namespace, wanted)
      const directTo = (consumer: string) => names.directTo(service, consumer)
      const heard = new Set(
        subscriptions.flatMap(({ consumer, types }) => [consumer, directTo(consumer), ...types])
      )
      const connect = (role: string) => makeConnection({ url, name: `quartet ${service} ${role}` })
      const publisher = yield* makePublisher(`RabbitMQ publisher of ${service}`, yield* connect("publisher"), {
        declare: declaring(subscriptions),
        every: options.assertEvery ?? assertPause,
        heard: ({ fields }) => heard.has(fields.routingKey)
      })
      const connection = yield* connect("consumer")
      const intakes = new Set<Intake>()
      const notices = yield* Queue.sliding<Notice>(noticeLimit)
      const divert = (consumer: string) => makeDivert(consumer, names.directTo("", consumer), notices)

      const deliveries = Effect.fn("RabbitMq.deliveries")(function*(consumer: string) {
        const subscription = subscriptions.find((one) => one.consumer === consumer)
        if (subscription === undefined) return yield* Effect.dieMessage(`The topology names no consumer ${consumer}.`)
        const wiring = { namespace, connection, publisher, declare: declaring([subscription]), copy: letters.copy }
        const intake = yield* makeIntake({ ...wiring, subscription, divert: divert(consumer) })
        yield* Effect.acquireRelease(
          Effect.sync(() => intakes.add(intake)),
          () => Effect.sync(() => intakes.delete(intake))
        )
        return intake.deliveries
      })
      return Broker.of({
        publish: (publication) => sent(publisher, letters.outbound(publication)),
        unsafePublish: (publication, told) => publisher.send(letters.outbound(publication), told),
        deliveries,
        direct: {
          notices,
          send: (consumer, publication) =>
            sent(publisher, { ...letters.outbound(publication), routingKey: directTo(consumer) })
        },
        ready: Effect.map(publisher.ready, (ready) => ready && [...intakes].every(({ consuming }) => consuming()))
      })
    })
  )

/** Takes the notices out of what is delivered. The broker let nobody but the service itself send under its name. */
const makeDivert = (consumer: string, keyEnd: string, notices: Queue.Enqueue<Notice>) => {
  const types: ReadonlyArray<string> = Object.values(noticeTypes)
  return ({ content, fields: { routingKey }, properties }: ConsumeMessage): boolean => {
    if (!routingKey.endsWith(keyEnd)) return false
    const sender = routingKey.slice(0, -keyEnd.length)
    const type = String(properties.type)
    if (!types.some((notice) => type === `${sender}.${notice}`)) return false
    notices.unsafeOffer({ sender, consumer, type, body: content.toString("utf8") })
    return true
  }
}

const amqpUrl = (name: string) =>
  Config.map(
    Setting.url(name, "Expected a URL like amqp://user:password@host:5672", ["amqp", "amqps"]),
    // As it was given, but for the blanks around it: a vhost in it is written with escapes.
    (url) => Redacted.make(url.toString())
  )

/** `AMQP_URL`, or `<SERVICE>_AMQP_URL` for this service alone. */
const urlConfig = (service: string): Config.Config<Redacted.Redacted<string>> =>
  Config.all([
    Config.option(amqpUrl(`${service.toUpperCase().replaceAll("-", "_")}_AMQP_URL`)),
    Config.option(amqpUrl("AMQP_URL"))
  ]).pipe(Config.mapOrFail(([own, shared]) =>
    Either.fromOption(
      Option.orElse(own, () => shared),
      () => ConfigError.MissingData(["AMQP_URL"], "Set it to a broker like amqp://user:password@host:5672")
    )
  ))

const namespaceConfig = Setting.text(
  "AMQP_NAMESPACE",
  "Expected a letter and then at most 40 letters, digits or hyphens",
  (name) => /^[A-Za-z][A-Za-z0-9-]{0,40}$/.test(name)
).pipe(Config.withDefault(defaultNamespace))

/** What a client reads of a broker that may not be there. */
export const broker = Config.all({ url: Config.option(amqpUrl("AMQP_URL")), namespace: namespaceConfig })

/** What `layerConfig` reads. */
export const settings = (service: string) =>
  Config.all({
    url: urlConfig(service),
    namespace: namespaceConfig,
    declares: Config.withDefault(Setting.flag("AMQP_DECLARE"), true),
    assertEvery: Config.withDefault(
      Setting.duration("AMQP_ASSERT_EVERY", {
        shortest: "100 millis",
        longest: "1 hour",
        described: "1 hour, such as \"30 seconds\""
      }),
      assertPause
    )
  })

/** The same, set by `AMQP_URL` (or `<SERVICE>_AMQP_URL`), `AMQP_NAMESPACE`, `AMQP_DECLARE` and `AMQP_ASSERT_EVERY`. */
export const layerConfig = (
  options: Pick<Options, "subscriptions" | "service">
): Layer.Layer<Broker, ConfigError.ConfigError> =>
  Layer.unwrapEffect(Effect.map(settings(options.service), (configured) => layer({ ...options, ...configured })))

const urlOf = (text: string) => Either.try(() => new URL(text)).pipe(Either.getOrUndefined)

/** How messages are written for the wire. */
const makeLetters = (url: Redacted.Redacted<string>, exchange: string) => {
  const user = decodeURIComponent(urlOf(Redacted.value(url))?.username ?? "")
  const common = { persistent: true, mandatory: true, ...(user === "" ? {} : { userId: user }) }
  return {
    outbound: ({ body, id, type }: Publication): Outbound => ({
      exchange,
      routingKey: type,
      messageId: id,
      content: Buffer.from(body),
      options: { ...common, contentType: "application/cloudevents+json", messageId: id, type }
    }),
    /** The same bytes again; its headers tell the attempt and nothing of the way it has come. */
    copy: (message: ConsumeMessage, wait: string, consumer: string, attempt: number): Outbound => {
      const { contentType, messageId, type } = message.properties
      return {
        exchange: wait,
        routingKey: consumer,
        messageId: String(messageId),
        content: message.content,
        options: { ...common, contentType, messageId: String(messageId), type, headers: { [attemptHeader]: attempt } }
      }
    }
  }
}
