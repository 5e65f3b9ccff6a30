import { Either } from "effect"
import * as Form from "./Form.ts"
import { invalid, type WireError } from "./WireError.ts"

/** A parameter read and checked, or the validation error that Stripe would answer. */
export type Read<A> = Either.Either<A, WireError>

/** Refuses the first parameter that is not listed; see `Form.firstUnknown`. */
export const accept = (form: Form.Form, names: ReadonlySet<string>): Read<void> => {
  const unknown = Form.firstUnknown(form, names)
  return unknown === undefined
    ? Either.right(undefined)
    : Either.left(invalid(`Received unknown parameter: ${unknown}`, { code: "parameter_unknown", param: unknown }))
}

export const required = (form: Form.Form, name: string): Read<string> => {
  const value = Form.get(form, name)
  return value === undefined || value === ""
    ? Either.left(invalid(`Missing required param: ${name}.`, { code: "parameter_missing", param: name }))
    : Either.right(value)
}

/** A whole number of at least 1. */
export const positive = (name: string, value: string): Read<number> => {
  const number = /^[+-]?\d{1,15}$/.test(value) ? Number(value) : undefined
  const refuse = (message: string): Read<number> =>
    Either.left(invalid(message, { code: "parameter_invalid_integer", param: name }))
  if (number === undefined) {
    return refuse(`Invalid integer: ${value}`)
  }
  return number < 1 ? refuse("This value must be greater than or equal to 1.") : Either.right(number)
}

/** `true` and `false`; older SDKs send `True` and `False`. */
export const boolean = (form: Form.Form, name: string): Read<boolean> => {
  const value = (Form.get(form, name) ?? "false").toLowerCase()
  return value === "true" || value === "false"
    ? Either.right(value === "true")
    : Either.left(invalid(`Invalid boolean: ${value}`, { param: name }))
}

export const oneOf = <A extends string>(
  form: Form.Form,
  name: string,
  values: ReadonlyArray<A>
): Read<A | undefined> => {
  const value = Form.get(form, name)
  const known = values.find((candidate) => candidate === value)
  return value === undefined || known !== undefined
    ? Either.right(known)
    : Either.left(invalid(`Invalid ${name}: must be one of ${values.join(", ")}`, { param: name }))
}

/** At most 50 keys of 40 characters with values of 500 (Stripe's limits); an empty value unsets its key. */
export const metadata = (form: Form.Form): Read<Readonly<Record<string, string>>> => {
  const entries = Object.entries(Form.pairs(form, "metadata")).filter(([, value]) => value !== "")
  const tooLong = entries.find(([key, value]) => key.length > 40 || value.length > 500)
  if (entries.length > 50) {
    return Either.left(invalid("You can specify up to 50 metadata keys.", { param: "metadata" }))
  }
  return tooLong === undefined
    ? Either.right(Object.fromEntries(entries))
    : Either.left(invalid(
      `Metadata keys can have up to 40 characters and values up to 500; '${tooLong[0].slice(0, 40)}' has more.`,
      { param: "metadata" }
    ))
}

/** The named optional texts that were sent and are not empty. */
export const texts = <K extends string>(form: Form.Form, names: Readonly<Record<K, string>>) => {
  const found: { [P in K]?: string } = {}
  for (const key in names) {
    const value = Form.get(form, names[key])
    if (value !== undefined && value !== "") {
      found[key] = value
    }
  }
  return found
}
