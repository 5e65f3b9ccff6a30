import { highestCharge } from "@quartet/contracts/Charge"
import { mostLines } from "@quartet/contracts/Lines"
import { mostOfOne } from "@quartet/contracts/Quantity"
import * as Settings from "@quartet/hosting/Settings"
import { Config } from "effect"
import type { Sizes } from "./domain/Pricing.ts"

/**
 * How large one order may be: at most as large as the contract and the payment provider allow, and less where a setting
 * says so. What the provider takes in each currency is asked as well; the setting's bound is that of the highest.
 */
export const config: Config.Config<Sizes> = Config.all({
  lines: Settings.whole("ORDER_MAX_LINES", mostLines, { from: 1, to: mostLines }),
  quantity: Settings.whole("ORDER_MAX_QUANTITY", mostOfOne, { from: 1, to: mostOfOne }),
  total: Settings.whole("ORDER_MAX_TOTAL", highestCharge, { from: 1, to: highestCharge })
})
