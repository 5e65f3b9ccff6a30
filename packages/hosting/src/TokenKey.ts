import * as Setting from "@quartet/messaging/Setting"
import type { Config } from "effect"
import { Option, Redacted } from "effect"
import type { KeyObject } from "node:crypto"
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto"

/** A key, and the only algorithm of JOSE that it is used with: a token cannot choose another. */
export interface TokenKey {
  readonly key: KeyObject
  readonly algorithm: string
}

/** Bits of the shortest RSA key that is accepted (RFC 7518, §3.3). */
const shortestRsa = 2048

const algorithmOf = ({ asymmetricKeyDetails: details, asymmetricKeyType: type }: KeyObject): Option.Option<string> => {
  if (type === "ec" && details?.namedCurve === "prime256v1") return Option.some("ES256")
  if (type === "ed25519") return Option.some("EdDSA")
  if (type === "rsa" && (details?.modulusLength ?? 0) >= shortestRsa) return Option.some("RS256")
  return Option.none()
}

const withAlgorithm = (key: KeyObject): Option.Option<TokenKey> =>
  Option.map(algorithmOf(key), (algorithm) => ({ key, algorithm }))

/**
 * The bytes in a PEM text, or in its body alone: that is one line, which every file of settings can hold. Line breaks may
 * be written as `\n`.
 */
const bytesOf = (text: string, label: string): Option.Option<Buffer> => {
  const body = text.replaceAll("\\n", "\n").replace(`-----BEGIN ${label}-----`, "").replace(
    `-----END ${label}-----`,
    ""
  )
    .replace(/\s/g, "")
  return /^[A-Za-z0-9+/]{40,8000}={0,2}$/.test(body) ? Option.some(Buffer.from(body, "base64")) : Option.none()
}

/** A public key in SPKI form. A private key is refused: it does not belong where only its public half is needed. */
export const readPublic = (text: string): Option.Option<TokenKey> =>
  bytesOf(text, "PUBLIC KEY").pipe(
    Option.flatMap(Option.liftThrowable((key) => createPublicKey({ key, format: "der", type: "spki" }))),
    Option.flatMap(withAlgorithm)
  )

/** A private key in PKCS #8 form. */
export const readPrivate = (text: string): Option.Option<TokenKey> =>
  bytesOf(text, "PRIVATE KEY").pipe(
    Option.flatMap(Option.liftThrowable((key) => createPrivateKey({ key, format: "der", type: "pkcs8" }))),
    Option.flatMap(withAlgorithm)
  )

/** The public half. */
export const publicOf = ({ algorithm, key }: TokenKey): TokenKey => ({ algorithm, key: createPublicKey(key) })

export const isCounterpart = (signing: TokenKey, { key }: TokenKey): boolean => publicOf(signing).key.equals(key)

/** SPKI, as PEM. */
export const publicText = ({ key }: TokenKey): string => key.export({ type: "spki", format: "pem" }).toString()

/** A new private key, as PEM. ES256, since OpenSSL verifies it faster than EdDSA (decision 0027). */
export const generate = (): Redacted.Redacted<string> => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
  return Redacted.make(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
}

const accepted = "of P-256, Ed25519 or RSA with 2048 bits"

/** A setting that holds a public key. */
export const publicSetting = (name: string): Config.Config<TokenKey> =>
  Setting.make(name, `Expected a public key (SPKI, as PEM or its body in one line) ${accepted}`, readPublic)

/** A setting that holds a private key. */
export const privateSetting = (name: string): Config.Config<TokenKey> =>
  Setting.make(name, `Expected a private key (PKCS #8, as PEM or its body in one line) ${accepted}`, readPrivate)
