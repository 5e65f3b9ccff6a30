import { Effect, Either, Schema } from "effect"
import { explain } from "./internal/explain.ts"
import type { Definition, Envelope } from "./Message.ts"

/** The message cannot be turned into a command, now or ever: it is parked at once. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { reason: Schema.String }) {}

/** Turns one kind of message into a command, at once. */
export interface Translation<Command> {
  readonly type: string
  readonly asksOutside: false
  readonly translate: (envelope: Envelope) => Either.Either<Command, Unreadable>
}

/** Asks somebody outside, which may take long, and turns the answer into a command. */
export interface OutsideWork<Command> {
  readonly type: string
  readonly asksOutside: true
  readonly translate: (envelope: Envelope) => Effect.Effect<Command, Unreadable>
}

export type Handler<Command> = Translation<Command> | OutsideWork<Command>

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
): Translation<Command> => {
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
): OutsideWork<Command> => {
  const decode = decoded(definition)
  return {
    type: definition.type,
    asksOutside: true,
    translate: (envelope) => Effect.flatMap(decode(envelope), (data) => work(data, envelope))
  }
}
