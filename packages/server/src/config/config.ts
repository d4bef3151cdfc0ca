import { z } from "zod"
import { DEFAULT_STORE, text, tokenName, type ConfigFields } from "./config-fields.js"
import { isLoopback } from "./loopback.js"
import { policy, tokenConfig } from "./token-config.js"

const log = z
  .strictObject({
    level: z
      .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
      .default("info")
      .meta({ description: "Default info." }),
    format: z.enum(["json", "pretty"]).optional().meta({ description: "Default: pretty on a terminal." }),
  })
  .meta({ description: "Logs go to the standard output." })

/** The shape of `evertoken.yaml`. */
export function configSchema(fields: ConfigFields) {
  return z.strictObject({
    $schema: z.string().optional().meta({ description: "For editors." }),
    listen: listenConfig(fields).prefault({}),
    stateDirectory: fields.path.optional().meta({
      description:
        "Where the files of tokens are. Default: $STATE_DIRECTORY, $XDG_STATE_HOME/evertoken or ~/.local/state/evertoken.",
    }),
    encryption: z
      .strictObject({
        keys: z.array(fields.secret).min(1).meta({
          description:
            "The first one encrypts, all decrypt: 32 bytes in base64, base64url or hex (openssl rand -base64 32).",
        }),
      })
      .optional()
      .meta({ description: "How tokens are encrypted where they are kept. Left out: they are not." }),
    allowLiteralSecrets: z.boolean().default(false).meta({
      description: "Whether secrets may stand in this file. Default false: it is copied, mailed and committed.",
    }),
    onSignInNeeded: z.array(text).min(1).optional().meta({
      description: "A command and its arguments, run when only a person can repair a grant. EVERTOKEN_NAME is set.",
    }),
    log: log.prefault({}),
    stores: z.record(storeName, storeConfig(fields)).default({}).meta({
      description: "Where tokens are kept that hosts share, by names of your own.",
    }),
    policy: policy.optional().meta({ description: "For all tokens that do not say otherwise." }),
    tokens: z.record(tokenName, tokenConfig(fields)).meta({
      description: "The tokens, by the names under which they are asked for.",
    }),
  })
}

function listenConfig({ path, secret }: ConfigFields) {
  const tls = z.strictObject({
    certificate: path.meta({ description: "The file of the certificate, its intermediates after it, in PEM." }),
    key: path.meta({ description: "The file of its private key, in PEM." }),
  })
  const tcp = z
    .strictObject({
      port: z.int().min(0).max(65_535).meta({ description: "0: one that is free." }),
      address: z.string().min(1).default("127.0.0.1").meta({ description: "Default 127.0.0.1." }),
      apiKey: secret.meta({
        description: "What clients send as `authorization: Bearer KEY`: env:, file: or keyring:.",
      }),
      tls: tls.optional().meta({ description: "Needed on any address that other machines reach." }),
    })
    .superRefine(({ address, tls }, context) => {
      if (tls !== undefined || isLoopback(address)) return
      const message = "is missing: other machines reach this address (or listen on 127.0.0.1)"
      context.addIssue({ code: "custom", path: ["tls"], message })
    })
  return z
    .strictObject({
      socket: path.optional().meta({ description: "The Unix socket, or a named pipe on Windows." }),
      tcp: tcp.optional().meta({ description: "Besides the socket; loopback only, unless `--unsafe-bind` and TLS." }),
    })
    .meta({ description: "Where clients find the server. Default: a Unix socket that only this user reaches." })
}

const storeName = tokenName.refine(
  (name) => name !== DEFAULT_STORE,
  "is the name of the default store: take another one",
)

function redisStore({ address }: ConfigFields) {
  return z.strictObject({
    redis: address.meta({
      description: "The URL, redis:// or rediss://. One with a password is a secret: env:, file: or keyring:.",
    }),
  })
}

function postgresStore({ address }: ConfigFields) {
  return z.strictObject({
    postgres: address.meta({
      description: "The URL, postgres://. One with a password is a secret: env:, file: or keyring:.",
    }),
    schema: z.string().min(1).optional().meta({ description: "The schema that the tables are in. Default public." }),
    table: z.string().min(1).optional().meta({
      description: "The table of tokens; the names of the others begin with it. Default evertoken.",
    }),
  })
}

function storeConfig(fields: ConfigFields) {
  const file = z.strictObject({ file: fields.path.meta({ description: "A directory; one file a token." }) })
  return z.union([file, redisStore(fields), postgresStore(fields)], {
    error: "must have one of `file`, `redis` and `postgres`, and not several",
  })
}

/** The configuration of a server, checked; lengths in milliseconds, paths absolute, secrets as references. */
export type Config = z.output<ReturnType<typeof configSchema>>
export type StoreConfig = z.output<ReturnType<typeof storeConfig>>
export type RedisStoreConfig = z.output<ReturnType<typeof redisStore>>
export type PostgresStoreConfig = z.output<ReturnType<typeof postgresStore>>
/** Where a server listens. */
export type ListenConfig = Config["listen"]
