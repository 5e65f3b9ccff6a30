import { maximumCharge } from "@quartet/contracts/Charge"
import { mostLines } from "@quartet/contracts/Lines"
import { mostOfOne } from "@quartet/contracts/Quantity"
import * as Settings from "@quartet/hosting/Settings"
import { Config } from "effect"
import type { Sizes } from "./domain/Pricing.ts"

/** How large one order may be: at most as large as the contract and the payment provider allow, and less where told so. */
export const config: Config.Config<Sizes> = Config.all({
  lines: Settings.whole("ORDER_MAX_LINES", mostLines, { from: 1, to: mostLines }),
  quantity: Settings.whole("ORDER_MAX_QUANTITY", mostOfOne, { from: 1, to: mostOfOne }),
  total: Settings.whole("ORDER_MAX_TOTAL", maximumCharge, { from: 1, to: maximumCharge })
})
