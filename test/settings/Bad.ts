/** What must never be repeated. */
export const secret = "hunter2"

/** Values that most settings must refuse, by what is wrong with them. */
export const bad = {
  word: `${secret}-is-nobodys-business`,
  negative: "-5",
  zero: "0",
  huge: "99999999999999999999",
  fraction: "0.5",
  unit: "10 parsecs",
  scheme: `gopher://${secret}@host:5432/database`,
  percent: `postgres://quartet:%${secret}@host/database`,
  control: `${secret}\u0007business`,
  list: `,;${secret}\t|`
}
export type Bad = keyof typeof bad

/** These count as absent, whatever the setting. */
export const blanks = ["", "   "]

/** Who reads a setting; `compose` is Docker Compose alone. */
export type Reader = "all" | "order" | "payment" | "inventory" | "warehouse" | "simulator" | "clients" | "compose"

/** A setting of `.env.example`: who reads it, and which of the bad values it takes all the same. */
export interface Row {
  readonly reader: Reader
  readonly takes?: ReadonlyArray<Bad>
}

const anyText: ReadonlyArray<Bad> = [
  "word",
  "negative",
  "zero",
  "huge",
  "fraction",
  "unit",
  "scheme",
  "percent"
]
/** Text that a header can carry. */
const token: ReadonlyArray<Bad> = ["word", "negative", "zero", "huge", "fraction", "scheme", "percent"]

const port: Row = { reader: "all", takes: ["zero"] }
const order: Row = { reader: "order" }
const payment: Row = { reader: "payment" }
const everybody: Row = { reader: "all" }
const compose: Row = { reader: "compose" }

export const rows: Readonly<Record<string, Row>> = {
  HOST: { reader: "all", takes: ["word"] },
  ORDER_PORT: port,
  PAYMENT_PORT: port,
  INVENTORY_PORT: port,
  WAREHOUSE_PORT: port,
  PRICES_PORT: port,
  STRIPE_SIMULATOR_PORT: port,
  OPS_PORT: port,
  QUARTET_HOME: { reader: "all", takes: anyText },
  POSTGRES_PORT: everybody,
  DATABASE_URL: everybody,
  DATABASE_ROLE_SECRET: { reader: "order", takes: anyText },
  ORDER_DATABASE_URL: order,
  PAYMENT_DATABASE_URL: payment,
  INVENTORY_DATABASE_URL: { reader: "inventory" },
  WAREHOUSE_DATABASE_URL: { reader: "warehouse" },
  DATABASE_ROLE_PREFIX: { reader: "order" },
  DATABASE_MAX_CONNECTIONS: everybody,
  DATABASE_PREPARE: { reader: "all", takes: ["zero"] },
  AMQP_URL: order,
  ORDER_AMQP_URL: order,
  PAYMENT_AMQP_URL: payment,
  INVENTORY_AMQP_URL: { reader: "inventory" },
  WAREHOUSE_AMQP_URL: { reader: "warehouse" },
  AMQP_NAMESPACE: { reader: "order", takes: ["word"] },
  AMQP_DECLARE: { reader: "order", takes: ["zero"] },
  AMQP_ASSERT_EVERY: order,
  DELIVERY_AUDIT_EVERY: order,
  ORDER_URL: { reader: "clients" },
  PRICES_URL: { reader: "clients" },
  INVENTORY_URL: { reader: "clients" },
  OPS_URL: { reader: "clients" },
  OPERATOR_TOKEN: { reader: "clients", takes: token },
  AUTH_PUBLIC_KEY: everybody,
  AUTH_SIGNING_KEY: { reader: "clients" },
  AUTH_SECRET: everybody,
  AUTH_JWKS_URL: everybody,
  AUTH_ISSUER: { reader: "all", takes: anyText },
  AUTH_AUDIENCE: { reader: "all", takes: anyText },
  NODE_ENV: everybody,
  CUSTOMER_REQUESTS_PER_SECOND: { reader: "order", takes: ["zero"] },
  CUSTOMER_REQUESTS_BURST: order,
  ADDRESS_REQUESTS_PER_SECOND: { reader: "order", takes: ["zero"] },
  ADDRESS_REQUESTS_BURST: order,
  CUSTOMER_OPEN_ORDERS: { reader: "order", takes: ["zero"] },
  CUSTOMER_FAILED_PAYMENTS_PER_HOUR: { reader: "order", takes: ["zero"] },
  CORS_ORIGINS: order,
  HTTP_HEADER_TIMEOUT: everybody,
  HTTP_REQUEST_TIMEOUT: everybody,
  HTTP_MAX_CONNECTIONS: everybody,
  HTTP_MAX_BODY_BYTES: everybody,
  HTTP_MAX_BODIES_BYTES: everybody,
  ADDRESS_CONNECTIONS: { reader: "all", takes: ["zero"] },
  HTTP_MAX_IN_FLIGHT: everybody,
  STRIPE_API_KEY: { reader: "payment", takes: token },
  STRIPE_API_BASE: payment,
  STRIPE_ACCOUNT: payment,
  STRIPE_WEBHOOK_URL: { reader: "simulator" },
  STRIPE_WEBHOOK_SECRET: { reader: "payment", takes: anyText },
  STRIPE_DEADLINE: payment,
  PAYMENT_FIRST_PAUSE: payment,
  PAYMENT_LONGEST_PAUSE: payment,
  PAYMENT_FAULT_PAUSE: payment,
  PAYMENT_ACTION_DEADLINE: payment,
  PAYMENT_CALLS_PER_ATTEMPT: payment,
  PAYMENT_CALLS_IN_FLIGHT: payment,
  PAYMENT_CALLS_PER_SECOND: payment,
  PAYMENT_BREAKER_AFTER: payment,
  PAYMENT_BREAKER_PAUSE: payment,
  PAYMENT_RECONCILE_EVERY: payment,
  PAYMENT_RECONCILE_LAST: payment,
  RECONCILE_EVERY: everybody,
  ORDER_DRAFT_EXPIRES_AFTER: order,
  ORDER_HOLD_EXPIRES_AFTER: order,
  ORDER_MAX_LINES: order,
  ORDER_MAX_QUANTITY: order,
  ORDER_MAX_TOTAL: order,
  ORDER_MAX_STREAMS: { reader: "order", takes: ["zero"] },
  ORDER_MAX_WAITS: { reader: "order", takes: ["zero"] },
  CUSTOMER_STREAMS: { reader: "order", takes: ["zero"] },
  CUSTOMER_WAITS: { reader: "order", takes: ["zero"] },
  IDEMPOTENCY_KEYS_KEPT_FOR: everybody,
  OUTBOX_KEPT_FOR: everybody,
  WAREHOUSE_DISPATCH_AFTER: { reader: "warehouse" },
  LOG_LEVEL: everybody,
  LOG_FORMAT: everybody,
  QUARTET_IMAGE: compose,
  NODE_IMAGE: compose,
  POSTGRES_IMAGE: compose,
  RABBITMQ_IMAGE: compose,
  NPM_CONFIG_REGISTRY: compose,
  POSTGRES_PASSWORD: compose,
  ADMIN_AMQP_PASSWORD: compose,
  ORDER_DATABASE_PASSWORD: compose,
  PAYMENT_DATABASE_PASSWORD: compose,
  INVENTORY_DATABASE_PASSWORD: compose,
  WAREHOUSE_DATABASE_PASSWORD: compose,
  ORDER_AMQP_PASSWORD: compose,
  PAYMENT_AMQP_PASSWORD: compose,
  INVENTORY_AMQP_PASSWORD: compose,
  WAREHOUSE_AMQP_PASSWORD: compose
}
