import { Effect } from "effect"
import { run } from "./Docker.ts"
import { Stack } from "./Stack.ts"

/** Containers that run as long as the stack does. */
export const lasting = ["order", "payment", "inventory", "warehouse", "simulator", "edge", "postgres", "rabbitmq"]

const inAUrl = (text: string) => encodeURIComponent(text)

/**
 * Which of these texts, by their names, the container's own user finds in its files and its environment. `/usr` is as it
 * was built, and large.
 */
export const readableIn = Effect.fn("Reach.readableIn")(function*(service: string, texts: ReadonlyMap<string, string>) {
  const [container = ""] = yield* (yield* Stack).containers(service)
  const patterns = [...texts.values()].flatMap((text) => [text, inAUrl(text)]).flatMap((text) => ["-e", text])
  const search =
    "cat /proc/1/environ; grep -rhaoF --exclude-dir=proc --exclude-dir=sys --exclude-dir=usr \"$@\" / 2>/dev/null; true"
  const found = yield* run(["docker", "exec", container, "sh", "-c", search, "search", ...patterns])
  return [...texts].flatMap(([name, text]) => found.includes(text) || found.includes(inAUrl(text)) ? [name] : [])
    .toSorted()
})

/** What each service of the stack mounts of the named volumes, those that ended included. */
export const mounts = Effect.gen(function*() {
  const { compose } = yield* Stack
  const ids = (yield* compose(["ps", "-a", "-q"])).split("\n").filter((id) => id !== "")
  const volumes = "{{range .Mounts}}{{if eq .Type \"volume\"}} {{.Name}}{{if not .RW}}:ro{{end}}{{end}}{{end}}"
  const format = `{{index .Config.Labels "com.docker.compose.service"}}${volumes}`
  const lines = (yield* run(["docker", "inspect", "--format", format, ...ids])).trim().split("\n")
  return Object.fromEntries(lines.map((line) => {
    const [service = "", ...names] = line.trim().split(" ")
    return [service, names.map((name) => name.replace(/^quartet-test-\d+_/, "")).toSorted().join(" ")]
  }))
})

/** What the engine shows of all containers to those who may ask it. */
export const inspected = Effect.gen(function*() {
  const { compose } = yield* Stack
  const ids = (yield* compose(["ps", "-a", "-q"])).split("\n").filter((id) => id !== "")
  return yield* run(["docker", "inspect", ...ids])
})
