import { createHmac } from "node:crypto"

/**
 * The value of `Stripe-Signature`: the unix second of sending, and the lower-case hexadecimal HMAC-SHA256 of that second, a full stop and
 * the exact body. The key is the whole secret, `whsec_` included. Source: Stripe, "Verify webhook signatures manually".
 */
export const sign = (secret: string, seconds: number, body: string): string =>
  `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`, "utf8").digest("hex")}`
