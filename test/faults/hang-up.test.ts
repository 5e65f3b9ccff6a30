import { layer } from "@effect/vitest"
import { hangUps } from "../support/HangUp.ts"
import * as System from "../support/System.ts"

layer(System.layer(), { excludeTestServices: true, timeout: 150_000 })("a customer who hangs up while paying", (it) => {
  it.effect("is charged once, whenever that was, and pressing again gives one answer (H10, H11)", () => hangUps(30))
})
