import { Schema } from "effect"

/** The database answers, and cannot serve us as it is. Waiting does not change that; `message` says what does. */
export class UnfitDatabase extends Schema.TaggedError<UnfitDatabase>()("UnfitDatabase", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}
