import { Effect } from "effect"
import type { Broker } from "../Broker.ts"

/** Both ways to publish, from an effect. */
export const publishing = (publish: Broker["Type"]["publish"]): Pick<Broker["Type"], "publish" | "unsafePublish"> => ({
  publish,
  unsafePublish: (publication, told) =>
    void Effect.runFork(Effect.zipRight(Effect.yieldNow(), publish(publication))).addObserver(told)
})
