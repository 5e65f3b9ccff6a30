import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Either, Layer, Option, Redacted } from "effect"
import { Database, layerUrl } from "../src/Database.ts"
import * as DatabaseUrl from "../src/DatabaseUrl.ts"
import { sentenceOf } from "../src/Launch.ts"

const settings = (map: Record<string, string>) =>
  layerUrl.pipe(Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(map))))))

const connect = (service: string, map: Record<string, string>) =>
  Effect.flatMap(Database, ({ connectionFor }) => connectionFor(service)).pipe(Effect.provide(settings(map)))

const refusal = (service: string, map: Record<string, string>) =>
  Effect.map(Effect.flip(connect(service, map)), sentenceOf)

describe("where the database is", () => {
  it.effect("an operator may say for each service, whose role is then left alone", () =>
    Effect.gen(function*() {
      const url = "postgres://shop_orders:s3cret@db:5432/shop?sslmode=require"
      const given = yield* connect("order", { ORDER_DATABASE_URL: url, DATABASE_URL: "postgres://nobody@nowhere/none" })
      assert.strictEqual(Redacted.value(given), url)
    }))

  it.effect("is asked for by name when it is missing, empty counting as missing (H173)", () =>
    Effect.gen(function*() {
      const expected = "The setting DATABASE_URL is missing. Set DATABASE_URL or ORDER_DATABASE_URL."
      assert.strictEqual(yield* refusal("order", {}), expected)
      assert.strictEqual(yield* refusal("order", { DATABASE_URL: "", ORDER_DATABASE_URL: "" }), expected)
    }))

  it.effect("is never repeated when it is wrong, for it may hold a password (H173)", () =>
    Effect.gen(function*() {
      for (
        const wrong of ["seeded-secret", "http://user:seeded-secret@db/shop", "postgres://user:seeded-secret@db:port/x"]
      ) {
        for (const name of ["DATABASE_URL", "ORDER_DATABASE_URL"]) {
          const sentence = yield* refusal("order", { [name]: wrong })
          assert.include(sentence, `The setting ${name} is not valid.`)
          assert.notInclude(sentence, "seeded-secret")
        }
      }
    }))

  it.effect("must come with a secret from which roles' passwords are made", () =>
    Effect.gen(function*() {
      const sentence = yield* refusal("order", { DATABASE_URL: "postgres://postgres@127.0.0.1:1/shop" })
      assert.include(sentence, "The setting DATABASE_ROLE_SECRET is missing.")
    }))

  it.effect("is for services whose name can name a schema", () =>
    Effect.gen(function*() {
      const sentence = yield* refusal("Robert'); DROP", { DATABASE_URL: "postgres://a:b@127.0.0.1:1/shop" })
      assert.include(sentence, "is not a name for a schema")
    }))
})

describe("a database URL", () => {
  const parsed = (url: string) => Either.getOrThrow(DatabaseUrl.parse(Redacted.make(url), "DATABASE_URL"))

  it("keeps its server and settings when entered by somebody else", () => {
    const changed = DatabaseUrl.withCredentials(
      parsed("postgresql://a:b@[::1]:5433/shop?sslmode=require&user=c"),
      "order",
      Redacted.make("p@ss/word")
    )
    assert.strictEqual(Redacted.value(changed), "postgresql://order:p%40ss%2Fword@[::1]:5433/shop?sslmode=require")
  })

  it("can be a Unix socket", () => {
    const changed = DatabaseUrl.withCredentials(parsed("postgres:///shop?host=/run/pg"), "order", Redacted.make("x"))
    assert.strictEqual(Redacted.value(changed), "postgres:///shop?host=%2Frun%2Fpg&user=order&password=x")
  })

  it("tells its password wherever it stands", () => {
    const passwords = ["postgres://a:b%20c@db/x", "postgres:///x?host=/run&password=b%20c"].map((url) =>
      Option.map(DatabaseUrl.passwordOf(parsed(url)), Redacted.value)
    )
    assert.deepStrictEqual(passwords, [Option.some("b c"), Option.some("b c")])
    assert.isTrue(Option.isNone(DatabaseUrl.passwordOf(parsed("postgres://a@db/x"))))
  })
})
