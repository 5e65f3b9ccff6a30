import type { Ports } from "./Ports.ts"

export interface Facts {
  readonly ports: Ports
  readonly home: string
  readonly database: string
  /** `undefined` when payments go to the provider itself. */
  readonly simulator: boolean
  readonly token: string | undefined
  readonly seconds: number
}

const at = (port: number) => `http://localhost:${port}`

const addresses = ({ database, home, ports, simulator }: Facts) => [
  ["orders", at(ports.order), `docs at ${at(ports.order)}/docs`],
  ["webhooks", at(ports.payment), "the payment provider calls here"],
  ["stock", at(ports.inventory), "for operators"],
  ["shipments", at(ports.warehouse), "for operators"],
  ["prices", at(ports.prices), "for operators"],
  ...(simulator ? [["provider", at(ports.simulator), `its ledger at ${at(ports.simulator)}/_simulator/ledger`]] : []),
  ["health", `${at(ports.ops)}/health/ready`, `metrics at ${at(ports.ops)}/metrics`],
  ["database", database, ""],
  ["data", home, ""]
]

const firstOrder = (ports: Ports, token: string) => `
A first order, ready to paste:

  TOKEN=${token}

  curl -s ${at(ports.order)}/products

  ORDER=$(curl -s ${at(ports.order)}/orders -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -H 'Prefer: wait=5' -d '{"lines":[{"sku":"tea-assam","quantity":2}]}' | tee /dev/stderr | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')

  curl -s ${at(ports.order)}/orders/$ORDER/pay -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -H "Idempotency-Key: pay-$ORDER" -H 'Prefer: wait=5' -d '{"paymentMethodId":"pm_card_visa"}'

  curl -s ${at(ports.order)}/orders/$ORDER -H "Authorization: Bearer $TOKEN" -H 'Prefer: wait=10'

Another token:  npx quartet token --customer bob      For operators:  npx quartet token --operator
A tour:         npm run demo                          Stop:           Ctrl-C`

/** What a newcomer needs to see once everything runs. */
export const welcome = (facts: Facts): string =>
  [
    "",
    `Quartet is ready (${facts.seconds.toFixed(1)} s).`,
    "",
    ...addresses(facts).map(([what = "", where = "", note = ""]) =>
      `  ${what.padEnd(11)}${where.padEnd(40)}${note}`.trimEnd()
    ),
    ...(facts.token === undefined ? [] : [firstOrder(facts.ports, facts.token)]),
    ""
  ].join("\n")
