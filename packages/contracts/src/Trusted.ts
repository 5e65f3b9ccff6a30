import { Schema } from "effect"

/**
 * A tagged class whose `make` trusts the types of its fields and looks at nothing: for commands, events and states, which
 * are made by ourselves from parts that were decoded or made before. To look at each once more costs more than all the
 * rest of a decision. It takes the fields that it has and leaves what else it is given, as decoding does. Whatever enters
 * is decoded, and decoding looks at everything.
 */
export const TaggedClass =
  <Self = never>() => <Tag extends string, Fields extends Schema.Struct.Fields>(tag: Tag, fields: Fields) => {
    const made = Schema.TaggedClass<Self>()(tag, fields)
    const names = Object.keys(fields)
    Object.defineProperty(made, "make", {
      value: function<Made>(this: Constructor<Made>, given: Given) {
        const own: Record<string, unknown> = {}
        for (const name of names) if (name in given) own[name] = given[name]
        return new this(own, true)
      }
    })
    checks.set(Object(made).prototype, Schema.is(Schema.typeSchema(Schema.Struct(fields))))
    return made
  }

/** What each class would look for if it looked. */
const checks = new WeakMap<object, (fields: unknown) => boolean>()

/** Whether every field of something that was made here holds what its class says: what a law looks for where `make` does not. */
export const isWhole = (made: object): boolean => {
  let of: object | null = Object.getPrototypeOf(made)
  while (of !== null && !checks.has(of)) of = Object.getPrototypeOf(of)
  return of !== null && checks.get(of)?.({ ...made }) === true
}

type Given = Readonly<Record<string, unknown>>
type Constructor<Made> = new(given: Given, disableValidation: true) => Made
