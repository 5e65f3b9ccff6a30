import { DateTime, Option, ParseResult, Schema } from "effect"

const rfc3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/i

/** What PostgreSQL can compare with. */
const isStorable = DateTime.between({
  minimum: DateTime.unsafeMake("0001-01-01T00:00:00Z"),
  maximum: DateTime.unsafeMake("9999-12-31T23:59:59.999Z")
})

/** The platform takes February 30 for a day in March. */
const isDay = (date: string): boolean =>
  Option.exists(DateTime.make(`${date}T00:00:00Z`), (day) => DateTime.formatIsoDateUtc(day) === date)

/**
 * Orders are placed on whole milliseconds, so the finer bound of an interval and the next whole one hold the same orders.
 */
const momentOf = (text: string): Option.Option<DateTime.Utc> => {
  const [, date = "", time = "", fraction = "", offset = ""] = rfc3339.exec(text) ?? []
  if (!isDay(date)) return Option.none()
  const finer = /[1-9]/.test(fraction.slice(3)) ? 1 : 0
  return DateTime.make(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}${offset.toUpperCase()}`).pipe(
    Option.map((moment) => DateTime.addDuration(moment, finer)),
    Option.filter(isStorable)
  )
}

/** A moment as a stranger writes it, with any offset. Source: RFC 3339, §5.6. */
export const Moment = Schema.transformOrFail(
  Schema.String.annotations({ jsonSchema: { type: "string", format: "date-time" } }),
  Schema.DateTimeUtcFromSelf,
  {
    strict: true,
    decode: (text, _, ast) =>
      Option.match(momentOf(text), {
        onNone: () => ParseResult.fail(new ParseResult.Type(ast, text, "Expected an RFC 3339 date and time")),
        onSome: ParseResult.succeed
      }),
    encode: (moment) => ParseResult.succeed(DateTime.formatIso(moment))
  }
)
