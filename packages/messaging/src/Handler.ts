import { Effect, Either, Schema } from "effect"
import { explain } from "./internal/explain.ts"
import type { Definition, Envelope } from "./Message.ts"

/** The message cannot be turned into a command, now or ever: it is parked at once. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { reason: Schema.String }) {}

/** Turns one kind of message into a command. */
export interface Handler<Command> {
  readonly type: string
  /** Whether somebody outside is asked, which may take long. */
  readonly asksOutside: boolean
  readonly translate: (envelope: Envelope) => Effect.Effect<Command, Unreadable>
}

const decoded = <Type extends string, A, I>(definition: Definition<Type, A, I>) => {
  const decode = Schema.decodeUnknownEither(definition.schema)
  return ({ data, subject, type }: Envelope): Either.Either<A, Unreadable> => {
    const read = decode(data)
    if (Either.isLeft(read)) return Either.left(new Unreadable({ reason: `${type}: ${explain(read.left)}` }))
    const about = definition.subjectOf(read.right)
    return about === subject
      ? Either.right(read.right)
      : Either.left(new Unreadable({ reason: `${type}: its subject is ${subject}, and its data is about ${about}.` }))
  }
}

/** A handler translates: which command is this message? */
export const on = <Type extends string, A, I, Command>(
  definition: Definition<Type, A, I>,
  toCommand: (data: A, envelope: Envelope) => Command
): Handler<Command> => {
  const decode = decoded(definition)
  return {
    type: definition.type,
    asksOutside: false,
    translate: (envelope) => Either.map(decode(envelope), (data) => toCommand(data, envelope))
  }
}

/**
 * A message that asks for something outside: the work is done, outside any transaction, and its result is the command.
 * It may be done again after a crash, so it must carry its own idempotency key.
 */
export const perform = <Type extends string, A, I, Command>(
  definition: Definition<Type, A, I>,
  work: (data: A, envelope: Envelope) => Effect.Effect<Command>
): Handler<Command> => {
  const decode = decoded(definition)
  return {
    type: definition.type,
    asksOutside: true,
    translate: (envelope) => Effect.flatMap(decode(envelope), (data) => work(data, envelope))
  }
}
