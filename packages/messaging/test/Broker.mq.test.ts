import { brokerContract, subscriptions } from "./support/brokerContract.ts"
import { broker, describeRabbit } from "./support/Rabbit.ts"

describeRabbit("RabbitMQ", () => {
  brokerContract("as a broker (H112, H113, H125, H126)", broker(subscriptions))
})
