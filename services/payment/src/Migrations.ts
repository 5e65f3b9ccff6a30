import { messagingMigrations } from "@quartet/messaging/Migrations"
import payments from "./migrations/0101_payments.ts"
import paymentAttempts from "./migrations/0102_payment_attempts.ts"
import paymentTransitions from "./migrations/0103_payment_transitions.ts"
import refunds from "./migrations/0104_refunds.ts"
import providerEvents from "./migrations/0105_provider_events.ts"
import parked from "./migrations/0106_parked.ts"
import operatorsRefunds from "./migrations/0107_operators_refunds.ts"
import apiVersion from "./migrations/0108_api_version.ts"
import settledRefunds from "./migrations/0109_settled_refunds.ts"
import apiVersionDefault from "./migrations/0112_api_version_default.ts"
import unfoundedRefunds from "./migrations/0113_unfounded_refunds.ts"

/** Everything the payment service keeps in its schema. */
export const migrations = {
  ...messagingMigrations,
  "0101_payments": payments,
  "0102_payment_attempts": paymentAttempts,
  "0103_payment_transitions": paymentTransitions,
  "0104_refunds": refunds,
  "0105_provider_events": providerEvents,
  "0106_parked": parked,
  "0107_operators_refunds": operatorsRefunds,
  "0108_api_version": apiVersion,
  "0109_settled_refunds": settledRefunds,
  "0112_api_version_default": apiVersionDefault,
  "0113_unfounded_refunds": unfoundedRefunds
}
