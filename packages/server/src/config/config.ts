import { z } from "zod"
import { secretReference } from "./secret-reference.js"
import { policy, tokenConfig } from "./token-config.js"

const path = z.string().min(1)

/** In URLs, file names, metric labels and on the command line. */
export const tokenName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be 1 to 64 letters, digits, dots, dashes or underscores")

const tcp = z.strictObject({
  port: z.int().min(0).max(65_535),
  address: z.string().min(1).default("127.0.0.1"),
  apiKey: secretReference.meta({ description: "What clients send as `authorization: Bearer KEY`." }),
  tls: z.strictObject({ certificate: path, key: path }).optional(),
})

const listen = z.strictObject({
  socket: path.optional().meta({ description: "The Unix socket, or a named pipe on Windows." }),
  tcp: tcp.optional().meta({ description: "Besides the socket; loopback only, unless `--unsafe-bind` and TLS." }),
})

const redisStore = z.strictObject({
  redis: secretReference.meta({ description: "The URL of the server, redis:// or rediss://." }),
})
const postgresStore = z.strictObject({
  postgres: secretReference.meta({ description: "The URL of the database, postgres://." }),
  schema: z.string().min(1).optional(),
  table: z.string().min(1).optional(),
})
const store = z.union([
  z.strictObject({ file: path.meta({ description: "A directory; one file a token." }) }),
  redisStore,
  postgresStore,
])

export const config = z.strictObject({
  $schema: z.string().optional(),
  listen: listen.default({}),
  stateDirectory: path.optional().meta({ description: "Where the files of tokens are." }),
  encryption: z
    .strictObject({
      keys: z
        .array(secretReference)
        .min(1)
        .meta({ description: "The first one encrypts, all decrypt: 32 bytes, base64url." }),
    })
    .optional(),
  allowLiteralSecrets: z.boolean().default(false),
  onSignInNeeded: z.array(z.string()).min(1).optional().meta({
    description: "A command and its arguments, run when only a person can repair a grant. EVERTOKEN_NAME is set.",
  }),
  log: z
    .strictObject({
      level: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
      format: z.enum(["json", "pretty"]).optional().meta({ description: "Default: pretty on a terminal." }),
    })
    .default({ level: "info" }),
  stores: z.record(tokenName, store).default({}),
  policy: policy.optional().meta({ description: "For all tokens that do not say otherwise." }),
  tokens: z.record(tokenName, tokenConfig),
})

/** The configuration of a server, checked; lengths in milliseconds, secrets as references. */
export type Config = z.output<typeof config>
export type StoreConfig = z.output<typeof store>
export type RedisStoreConfig = z.output<typeof redisStore>
export type PostgresStoreConfig = z.output<typeof postgresStore>
