import outbox from "./migrations/0001_outbox.ts"
import processedMessages from "./migrations/0002_processed_messages.ts"
import parkedMessages from "./migrations/0003_parked_messages.ts"
import idempotencyKeys from "./migrations/0004_idempotency_keys.ts"
import outboxUnsent from "./migrations/0005_outbox_unsent.ts"
import deliveryAudits from "./migrations/0006_delivery_audits.ts"
import messageDigests from "./migrations/0007_message_digests.ts"

/** The tables every service that uses this package keeps in its own schema. A service's own migrations count from 0101. */
export const messagingMigrations = {
  "0001_outbox": outbox,
  "0002_processed_messages": processedMessages,
  "0003_parked_messages": parkedMessages,
  "0004_idempotency_keys": idempotencyKeys,
  "0005_outbox_unsent": outboxUnsent,
  "0006_delivery_audits": deliveryAudits,
  "0007_message_digests": messageDigests
}
