import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import { Array, Effect, Option, Schema } from "effect"

/** The text that a page's reader is given, and what it means to us. */
export const cursor = <A, I>(position: Schema.Schema<A, I>) =>
  Schema.compose(Schema.StringFromBase64Url, Schema.parseJson(position))

/** Where the page begins that is asked for, if not with the first item. */
export const beginning = <A>(position: Schema.Schema<A, string>) => {
  const decode = Schema.decode(Schema.Struct({ cursor: Schema.optional(position) }))
  return ({ cursor }: { readonly cursor?: string | undefined }): Effect.Effect<A | undefined, HttpApiDecodeError> =>
    decode({ cursor }).pipe(
      Effect.map(({ cursor }) => cursor),
      Effect.catchTag("ParseError", HttpApiDecodeError.refailParseError)
    )
}

/** A page of what was found, where one item more than the limit was asked for. */
export const pageOf = <A, Position>(
  found: ReadonlyArray<A>,
  limit: number,
  encode: (position: Position) => string,
  positionOf: (item: A) => Position
): { readonly items: ReadonlyArray<A>; readonly nextCursor?: string } => {
  const items = Array.take(found, limit)
  return Option.match(found.length > limit ? Array.last(items) : Option.none(), {
    onNone: () => ({ items }),
    onSome: (last) => ({ items, nextCursor: encode(positionOf(last)) })
  })
}
