import { randomBytes } from "node:crypto"
import { mkdtemp, rmdir } from "node:fs/promises"
import { join } from "node:path"
import { TokenError, type Clock } from "evertoken"
import type { Config, StoreConfig } from "../config/config.js"
import { DEFAULT_STORE } from "../config/config-fields.js"
import { memberOf } from "../config/member-of.js"
import { SecretError } from "../config/secret-error.js"
import { keyringOf } from "../process/keyring-of.js"
import { openPostgres, openRedis, type SharedStore } from "../tokens/shared-store.js"
import { TokenStores } from "../tokens/token-stores.js"
import { checkSkew } from "./clock-skew.js"
import { failureWords } from "./failure-words.js"
import { fail, ok, warn, type Finding } from "./finding.js"
import { within } from "./within.js"

const TIMEOUT_MS = 10_000
const SLOW_MS = 1_000
// no token has such a name
const PROBE = ".doctor"

export interface StoreChecksOptions {
  readonly stateDirectory: string
  readonly clock: Clock
}

/** Whether every store can be reached and written to, what its clock says, and whether what it keeps can be read. */
export async function checkStores(config: Config, options: StoreChecksOptions): Promise<readonly Finding[]> {
  const stores = Object.entries(config.stores)
  const file = { file: join(options.stateDirectory, "tokens") }
  const reached = await Promise.all(
    [[DEFAULT_STORE, file] as const, ...stores].map(([name, store]) => checkStore(name, store, options)),
  )
  return [...reached.flat(), ...(await checkRecords(config, options))]
}

async function checkStore(name: string, store: StoreConfig, options: StoreChecksOptions): Promise<readonly Finding[]> {
  const subject = `store ${name}`
  if ("file" in store) return [await checkDirectory(subject, store.file)]
  try {
    return await checkShared(subject, store, options)
  } catch (error) {
    // what is missing here is said by this package, and by it alone
    const isOwn = error instanceof SecretError || (error instanceof Error && memberOf(error, "code") === undefined)
    const { message, hint } = failureWords(error)
    return [fail(subject, isOwn ? error.message : message, hint)]
  }
}

async function checkDirectory(subject: string, directory: string): Promise<Finding> {
  try {
    await rmdir(await mkdtemp(join(directory, PROBE)))
    return ok(subject, `${directory} can be written to`)
  } catch (error) {
    const code = String(memberOf(error, "code"))
    if (code === "ENOENT") return ok(subject, `${directory} is made when it is needed`)
    return fail(
      subject,
      `${directory} cannot be written to: ${code}`,
      "Look at whose it is, and at the room of its disk.",
    )
  }
}

async function checkShared(
  subject: string,
  config: Exclude<StoreConfig, { readonly file: string }>,
  { clock }: StoreChecksOptions,
): Promise<readonly Finding[]> {
  const limit = { clock, timeoutMs: TIMEOUT_MS }
  const shared = await within("redis" in config ? openRedis(config) : openPostgres(config), limit)
  try {
    await within(shared.cache.get(PROBE), limit)
    const startedAt = clock.monotonic()
    await within(shared.cache.get(PROBE), limit)
    const took = Math.round(clock.monotonic() - startedAt)
    await within(write(shared), limit)
    const message = `it can be read and written to; it answers in ${took} ms`
    const hint = "Each renewal asks it several times: look for one that is nearer, or at its load."
    const asked = clock.now()
    const theirs = await within(shared.now(), limit)
    return [
      took > SLOW_MS ? warn(subject, message, hint) : ok(subject, message),
      checkSkew(subject, theirs - (asked + clock.now()) / 2),
    ]
  } finally {
    await shared.close()
  }
}

/** Takes what a renewal takes, for a token that is none, and gives it back. */
async function write({ cache }: SharedStore): Promise<void> {
  const claim = cache.claim?.(PROBE, { what: randomBytes(8).toString("hex"), singleUse: false })
  await claim?.take(1)
  await claim?.release("own")
}

async function checkRecords(
  config: Config,
  { stateDirectory, clock }: StoreChecksOptions,
): Promise<readonly Finding[]> {
  // what is wrong with the keys is told by its own check
  const keyring = await keyringOf(config).catch(() => "unknown" as const)
  if (keyring === "unknown") return []
  await using stores = new TokenStores({ stores: config.stores, stateDirectory, keyring })
  const checks = Object.entries(config.tokens).map(async ([name, token]) => {
    const subject = `token ${name}`
    try {
      const limit = { clock, timeoutMs: TIMEOUT_MS }
      const store = await within(stores.open(token.store), limit)
      const record = await within(store.caches.at(-1)?.get(name) ?? Promise.resolve(undefined), limit)
      if (record === undefined) return [ok(subject, "none is kept yet")]
      if (record.sealed === undefined)
        return [ok(subject, record.token ? "what is kept can be read" : "it is signed out")]
      const hint = "Set encryption.keys to the key that it was encrypted with."
      return [fail(subject, "what is kept is encrypted, and there is no key", hint)]
    } catch (error) {
      // a store that cannot be had is told of already
      if (!(error instanceof TokenError)) return []
      return [fail(subject, error.message, "Look at the store, and at encryption.keys.")]
    }
  })
  return (await Promise.all(checks)).flat()
}
