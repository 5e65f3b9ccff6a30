import * as RabbitMqTest from "@quartet/messaging/testing/RabbitMqTest"
import { describe, it } from "vitest"

// The journeys as they are: this run's systems are processes of their own. All of them: `npm run test:services`.
if (RabbitMqTest.isAvailable) {
  await import("../journeys/place-order.test.ts")
  await import("../journeys/payment-declined.test.ts")
  await import("../journeys/late-money.test.ts")
} else {
  describe("journeys over the wire", () => {
    it.skip("need a RabbitMQ", () => {})
  })
}
