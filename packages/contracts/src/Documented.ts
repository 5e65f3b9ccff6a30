import { SchemaAST } from "effect"

/**
 * Gives a schema its name in the generated documents, where it then stands once. Unlike an identifier it changes no
 * error message: callers read those, and the name means nothing to them.
 */
export const documentedAs = (name: string) => ({
  [SchemaAST.JSONIdentifierAnnotationId]: name
})
