import * as InProcessBroker from "../src/InProcessBroker.ts"
import { brokerContract, subscriptions } from "./support/brokerContract.ts"

brokerContract("the broker of one process (H112, H113, H125, H126)", InProcessBroker.layer(subscriptions))
