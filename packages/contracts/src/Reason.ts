import { Schema } from "effect"

/**
 * A set of reasons that may grow within one version of a message. One that this reader has never heard of reads as
 * `unknown` instead of failing, so a listener that needs only the fact still gets it: stock is released, whatever the
 * card said.
 */
export const reason = <const Known extends string>(...known: ReadonlyArray<Known>) => {
  const readable = Schema.Literal("unknown", ...known)
  const isReadable = Schema.is(readable)
  const description = `One of ${known.join(", ")}. More may come: read one that you do not know as "unknown".`
  return Schema.transform(Schema.String.annotations({ jsonSchema: { type: "string", description } }), readable, {
    strict: true,
    decode: (said) => isReadable(said) ? said : "unknown",
    encode: (said) => said
  })
}
