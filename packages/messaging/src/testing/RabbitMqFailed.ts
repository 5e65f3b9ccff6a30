import { Schema } from "effect"

/** No RabbitMQ could be started. */
export class RabbitMqFailed extends Schema.TaggedError<RabbitMqFailed>()("RabbitMqFailed", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}
