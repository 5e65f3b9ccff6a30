import * as TokenKeys from "@quartet/hosting/testing/TokenKeys"
import { Clock, Effect, Redacted } from "effect"
import type { JWTPayload } from "jose"
import { generateKeyPair, SignJWT, UnsecuredJWT } from "jose"
import { createPrivateKey } from "node:crypto"
import type { KeyObject, webcrypto } from "node:crypto"

const ours = createPrivateKey({
  key: Buffer.from(TokenKeys.issuing.AUTH_SIGNING_KEY, "base64"),
  format: "der",
  type: "pkcs8"
})
const bytes = (secret: string) => new TextEncoder().encode(secret)
const inSeconds = (seconds: number) => Effect.map(Clock.currentTimeMillis, (now) => Math.floor(now / 1000) + seconds)

/** Claims that are good until somebody changes them. */
const good = Effect.map(inSeconds(3600), (exp) => ({ sub: "mallory", iss: "quartet", aud: "quartet", exp }))

const sign = (claims: JWTPayload, alg: string, key: KeyObject | Uint8Array | webcrypto.CryptoKey) =>
  Effect.promise(() => new SignJWT(claims).setProtectedHeader({ alg }).sign(key))

const signed = (changed: JWTPayload, alg = "ES256", key: KeyObject | Uint8Array | webcrypto.CryptoKey = ours) =>
  Effect.flatMap(good, (claims) => sign({ ...claims, ...changed }, alg, key))

/** A token as the system takes it. */
export const goodToken = Effect.map(signed({}), Redacted.make)

/** What stands in `Authorization` where somebody is nobody, by what is wrong with it. */
export const noGood = Effect.gen(function*() {
  const fine = yield* signed({})
  const [head = "", , signature = ""] = fine.split(".")
  const [, changed = ""] = (yield* signed({ sub: "ada" })).split(".")
  const { privateKey } = yield* Effect.promise(() => generateKeyPair("RS256"))
  const another = yield* Effect.promise(() => generateKeyPair("ES256"))
  const claims = yield* good
  const { exp: _, ...endless } = claims
  const tokens = {
    "not a token": "x.y.z",
    "of a shared secret": yield* signed({}, "HS256", bytes("a secret that is as long as one must be")),
    "made with our public key as a secret": yield* signed({}, "HS256", bytes(TokenKeys.checking.AUTH_PUBLIC_KEY)),
    "of another key pair": yield* signed({}, "ES256", another.privateKey),
    "of another algorithm": yield* signed({}, "RS256", privateKey),
    "unsigned": new UnsecuredJWT(claims).encode(),
    "changed after it was signed": [head, changed, signature].join("."),
    "without a signature": `${fine.slice(0, fine.lastIndexOf(".") + 1)}`,
    "for others": yield* signed({ aud: "somebody else" }),
    "by others": yield* signed({ iss: "somebody else" }),
    "expired": yield* signed({ exp: yield* inSeconds(-60) }),
    "not good yet": yield* signed({ nbf: yield* inSeconds(600) }),
    "endless": yield* sign(endless, "ES256", ours),
    "nobody's": yield* signed({ sub: "" }),
    "of an unprintable customer": yield* signed({ sub: "ada\u0000" })
  }
  const headers = Object.entries(tokens).map(([what, token]): readonly [string, string] => [what, `Bearer ${token}`])
  return new Map([...headers, ["without its scheme", fine], ["of another scheme", `Basic ${fine}`]])
})
