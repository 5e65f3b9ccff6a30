import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, HashMap, Layer, Logger, Option, Redacted, TestClock } from "effect"
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose"
import type { KeyObject, webcrypto } from "node:crypto"
import { createPrivateKey, generateKeyPairSync } from "node:crypto"
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Auth from "../src/Auth.ts"
import * as DevelopmentIssuer from "../src/DevelopmentIssuer.ts"
import { sentenceOf } from "../src/Launch.ts"
import * as TokenKeys from "../src/testing/TokenKeys.ts"

const privateKey = createPrivateKey({
  key: Buffer.from(TokenKeys.issuing.AUTH_SIGNING_KEY, "base64"),
  format: "der",
  type: "pkcs8"
})
const secret = new TextEncoder().encode("a secret that somebody may hope for")

const settings = (map: Record<string, string>) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(map))))

const both = Layer.merge(Auth.layer, DevelopmentIssuer.layer)

const withKeys = both.pipe(Layer.provide(settings(TokenKeys.issuing)))

const verify = (token: Redacted.Redacted<string>) => Effect.flatMap(Auth.Auth, (auth) => auth.verify(token))

const sign = (
  claims: Record<string, unknown>,
  options: { alg?: string; key?: Uint8Array | KeyObject | webcrypto.CryptoKey } = {}
) =>
  Effect.promise(() =>
    new SignJWT({ sub: "alice", iss: "quartet", aud: "quartet", exp: 100, ...claims })
      .setProtectedHeader({ alg: options.alg ?? "ES256" })
      .sign(options.key ?? privateKey)
  ).pipe(Effect.map(Redacted.make))

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "quartet-auth-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

describe("bearer tokens", () => {
  it.effect("say who asks and what for, until they run out", () =>
    Effect.gen(function*() {
      const { sign } = yield* DevelopmentIssuer.DevelopmentIssuer
      const token = yield* sign({ subject: "alice", scopes: ["operator", "read"], ttl: "1 minute" })
      assert.deepStrictEqual(yield* verify(token), { subject: "alice", scopes: ["operator", "read"] })
      yield* TestClock.adjust("64 seconds")
      assert.strictEqual((yield* verify(token)).subject, "alice", "clocks may differ by five seconds")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Effect.flip(verify(token)))._tag, "Unauthorized")
    }).pipe(Effect.provide(withKeys)))

  it.effect("are refused when absent, forged, meant for others, endless or without a subject (H193)", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* verify(yield* sign({}))).subject, "alice")
      const another = yield* Effect.promise(() => generateKeyPair("ES256"))
      const other = yield* Effect.promise(() => generateKeyPair("EdDSA"))
      const unsigned =
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImlzcyI6InF1YXJ0ZXQiLCJhdWQiOiJxdWFydGV0IiwiZXhwIjoxMDB9."
      const tokens = [
        Redacted.make(""),
        Redacted.make("nonsense"),
        Redacted.make(unsigned),
        yield* sign({}, { key: another.privateKey }),
        yield* sign({}, { alg: "HS256", key: secret }),
        yield* sign({}, { alg: "HS256", key: new TextEncoder().encode(TokenKeys.checking.AUTH_PUBLIC_KEY) }),
        yield* sign({}, { alg: "EdDSA", key: other.privateKey }),
        yield* sign({ aud: "somebody else" }),
        yield* sign({ iss: "somebody else" }),
        yield* sign({ exp: undefined }),
        yield* sign({ exp: -100 }),
        yield* sign({ nbf: 50 }),
        yield* sign({ sub: undefined }),
        yield* sign({ sub: "" }),
        yield* sign({ sub: "x".repeat(256) })
      ]
      for (const token of tokens) {
        assert.strictEqual((yield* Effect.flip(verify(token)))._tag, "Unauthorized", Redacted.value(token))
      }
    }).pipe(Effect.provide(withKeys)))

  it.live("are checked by the identity provider's keys, which are no shared secret", () =>
    Effect.gen(function*() {
      const pair = yield* Effect.promise(() => generateKeyPair("ES256", { extractable: true }))
      const jwk = yield* Effect.promise(() => exportJWK(pair.publicKey))
      const server = yield* Effect.acquireRelease(
        Effect.async<ReturnType<typeof createServer>>((resume) => {
          const made = createServer((_, response) => {
            response.setHeader("content-type", "application/json").setHeader("connection", "close")
            response.end(
              `{"keys":[{"kty":"${jwk.kty}","crv":"${jwk.crv}","x":"${jwk.x}","y":"${jwk.y}","alg":"ES256"}]}`
            )
          })
          made.listen(0, "127.0.0.1", () => resume(Effect.succeed(made)))
        }),
        (made) => Effect.async<void>((resume) => void made.close(() => resume(Effect.void)))
      )
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const AUTH_JWKS_URL = `http://127.0.0.1:${port}/keys`
      const exp = 4_000_000_000
      yield* Effect.gen(function*() {
        const good = yield* sign({ exp }, { alg: "ES256", key: pair.privateKey })
        assert.strictEqual((yield* verify(good)).subject, "alice")
        const pem = new TextEncoder().encode(yield* Effect.promise(() => exportSPKI(pair.publicKey)))
        const confused = yield* sign({ exp }, { alg: "HS256", key: pem })
        assert.strictEqual((yield* Effect.flip(verify(confused)))._tag, "Unauthorized")
      }).pipe(Effect.provide(Auth.layer.pipe(Layer.provide(settings({ AUTH_JWKS_URL })))))
    }).pipe(Effect.scoped))

  it.live("cannot be checked while the identity provider is away, which is not the caller's fault", () =>
    Effect.gen(function*() {
      const { privateKey } = yield* Effect.promise(() => generateKeyPair("ES256"))
      const token = yield* sign({}, { alg: "ES256", key: privateKey })
      const cause = yield* Effect.sandbox(verify(token)).pipe(Effect.flip)
      assert.include(String(cause), "Tokens cannot be checked")
    }).pipe(Effect.provide(Auth.layer.pipe(Layer.provide(settings({ AUTH_JWKS_URL: "http://127.0.0.1:1/keys" }))))))
})

describe("the scopes of a token", () => {
  it.effect.each<readonly [Record<string, unknown>, ReadonlyArray<string>]>([
    [{}, []],
    [{ scope: "" }, []],
    [{ scope: "operator" }, ["operator"]],
    [{ scope: " operator  read " }, ["operator", "read"]],
    [{ scope: ["operator", "read"] }, ["operator", "read"]],
    [{ scope: [] }, []],
    [{ scp: "operator read" }, ["operator", "read"]],
    [{ scp: ["operator", "read"] }, ["operator", "read"]],
    [{ scp: ["operator read"] }, ["operator", "read"]],
    [{ scope: "read", scp: ["operator", "read"] }, ["read", "operator"]]
  ])("are read in every form that identity providers send: %j", ([claims, scopes]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* verify(yield* sign(claims))).scopes, scopes)
    }).pipe(Effect.provide(withKeys)))
})

describe("a refused token", () => {
  const another = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
  const kept = () => {
    const lines: Array<{ readonly message: string; readonly reason: unknown; readonly unreported: unknown }> = []
    const logger = Logger.make(({ annotations, message }) => {
      const of = (name: string) => Option.getOrUndefined(HashMap.get(annotations, name))
      lines.push({ message: String(message), reason: of("reason"), unreported: of("unreported") })
    })
    return { lines, layer: Logger.replace(Logger.defaultLogger, logger) }
  }

  it.effect.each(
    [
      ["expired", sign({ exp: -100 })],
      ["issuer", sign({ iss: "somebody else" })],
      ["audience", sign({ aud: "somebody else" })],
      ["signature", sign({}, { key: another })],
      ["algorithm", sign({}, { alg: "HS512", key: secret })],
      ["missing claim", sign({ exp: undefined })],
      ["missing claim", sign({ sub: undefined })],
      ["not yet valid", sign({ nbf: 50 })],
      ["subject", sign({ sub: "" })],
      ["subject", sign({ sub: "4242 4242 4242 4242" })],
      ["subject", sign({ sub: "4242424242424242" })],
      ["scope", sign({ scope: 7 })],
      ["scope", sign({ scp: [7] })],
      ["malformed", Effect.succeed(Redacted.make("nonsense"))],
      ["absent", Effect.succeed(Redacted.make(""))]
    ] as const
  )(
    "is logged with its reason, and with nothing of the token: %s (H193, H195)",
    ([reason, making]) =>
      Effect.gen(function*() {
        const { layer, lines } = kept()
        const token = yield* making
        const refusal = yield* Effect.flip(verify(token)).pipe(Effect.provide(layer))
        assert.strictEqual(refusal.message, "A valid bearer token is needed.")
        assert.deepStrictEqual(lines, [{ message: "A bearer token was refused.", reason, unreported: 0 }])
      }).pipe(Effect.provide(withKeys))
  )

  it.effect("is logged once in ten seconds for each reason, however many there are (H198)", () =>
    Effect.gen(function*() {
      const { layer, lines } = kept()
      const late = yield* sign({ exp: -100 })
      const forged = yield* sign({}, { key: another })
      const asked = Effect.forEach([late, forged], (token) => Effect.flip(verify(token)))
      yield* Effect.repeatN(asked, 99).pipe(Effect.provide(layer))
      assert.deepStrictEqual(lines.map(({ reason }) => reason), ["expired", "signature"])
      yield* TestClock.adjust("10 seconds")
      yield* asked.pipe(Effect.provide(layer))
      assert.deepStrictEqual(lines.slice(2).map(({ unreported }) => unreported), [99, 99])
    }).pipe(Effect.provide(withKeys)))
})

describe("the development key", () => {
  it.live("is made once, kept to its owner, and agreed on by all processes of the home", () =>
    Effect.gen(function*() {
      const folder = join(yield* temporary, "home")
      const here = settings({ QUARTET_HOME: folder })
      const issuers = yield* Effect.all(
        Array.from({ length: 4 }, () => Layer.build(DevelopmentIssuer.layer.pipe(Layer.provide(here)))),
        { concurrency: "unbounded" }
      )
      yield* Effect.gen(function*() {
        for (const context of issuers) {
          const issuer = yield* Effect.provide(DevelopmentIssuer.DevelopmentIssuer, context)
          const token = yield* issuer.sign({ subject: "bob" })
          assert.deepStrictEqual(yield* verify(token), { subject: "bob", scopes: [] })
        }
      }).pipe(Effect.provide(Auth.layer.pipe(Layer.provide(here))))
      assert.strictEqual(statSync(join(folder, "auth.key")).mode & 0o777, 0o600)
      assert.strictEqual(statSync(join(folder, "auth.pub")).mode & 0o777, 0o644)
    }).pipe(Effect.scoped))

  it.live("is not needed by who checks tokens: a home with the public half alone will do", () =>
    Effect.gen(function*() {
      const folder = yield* temporary
      const { publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
      writeFileSync(join(folder, "auth.pub"), publicKey.export({ type: "spki", format: "pem" }))
      yield* Layer.build(Auth.layer.pipe(Layer.provide(settings({ QUARTET_HOME: folder }))))
      assert.deepStrictEqual(readdirSync(folder), ["auth.pub"])
    }).pipe(Effect.scoped))

  it.live.each([
    { alg: "ES256", make: () => generateKeyPairSync("ec", { namedCurve: "prime256v1" }) },
    { alg: "EdDSA", make: () => generateKeyPairSync("ed25519") },
    { alg: "RS256", make: () => generateKeyPairSync("rsa", { modulusLength: 2048 }) }
  ])("may be of $alg, as PEM with its line breaks written out", ({ make }) =>
    Effect.gen(function*() {
      const { privateKey, publicKey } = make()
      const pem = (key: KeyObject, type: "pkcs8" | "spki") =>
        key.export({ type, format: "pem" }).toString().replaceAll("\n", "\\n")
      const keys = { AUTH_SIGNING_KEY: pem(privateKey, "pkcs8"), AUTH_PUBLIC_KEY: pem(publicKey, "spki") }
      yield* Effect.gen(function*() {
        const token = yield* (yield* DevelopmentIssuer.DevelopmentIssuer).sign({ subject: "carol" })
        assert.strictEqual((yield* verify(token)).subject, "carol")
      }).pipe(Effect.provide(both.pipe(Layer.provide(settings(keys)))))
    }))

  it.live("and its issuer do not exist in production, nor does a secret that all share (H173)", () =>
    Effect.gen(function*() {
      const refusal = <A, E>(layer: Layer.Layer<A, E>, map: Record<string, string>) =>
        Layer.build(layer.pipe(Layer.provide(settings(map)))).pipe(Effect.scoped, Effect.flip, Effect.map(sentenceOf))
      assert.include(
        yield* refusal(DevelopmentIssuer.layer, { NODE_ENV: "production", ...TokenKeys.issuing }),
        "NODE_ENV"
      )
      assert.include(yield* refusal(Auth.layer, { NODE_ENV: "production" }), "The setting AUTH_PUBLIC_KEY is missing.")
      const shared = yield* refusal(Auth.layer, { AUTH_SECRET: "a secret of thirty-two characters and more" })
      assert.match(shared, /^The setting AUTH_SECRET is not valid\. .*AUTH_PUBLIC_KEY/)
      assert.notInclude(shared, "a secret of thirty-two")
      const leaked = yield* refusal(Auth.layer, { AUTH_PUBLIC_KEY: TokenKeys.issuing.AUTH_SIGNING_KEY })
      assert.match(leaked, /^The setting AUTH_PUBLIC_KEY is not valid\./)
      const { AUTH_SIGNING_KEY } = TokenKeys.issuing
      const { publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
      const strange = publicKey.export({ type: "spki", format: "der" }).toString("base64")
      const odd = yield* refusal(DevelopmentIssuer.layer, { AUTH_SIGNING_KEY, AUTH_PUBLIC_KEY: strange })
      assert.match(odd, /^The setting AUTH_SIGNING_KEY is not valid\./)
      assert.include(yield* refusal(DevelopmentIssuer.layer, { AUTH_JWKS_URL: "http://keys.test/" }), "AUTH_JWKS_URL")
    }))
})
