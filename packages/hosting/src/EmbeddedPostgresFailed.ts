import { Schema } from "effect"

/** The embedded PostgreSQL cannot run on this folder; `detail` says why in one sentence. */
export class EmbeddedPostgresFailed extends Schema.TaggedError<EmbeddedPostgresFailed>()("EmbeddedPostgresFailed", {
  folder: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `The embedded PostgreSQL in ${this.folder} cannot run: ${this.detail}`
  }
}
