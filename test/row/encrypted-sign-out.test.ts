import { randomBytes } from "node:crypto"
import {
  CachedTokenSource,
  fingerprintOf,
  systemClock,
  Token,
  TokenError,
  type TokenRequest,
  type TokenSource,
} from "evertoken"
import { encrypted, EncryptionKey, Keyring } from "evertoken/encryption"
import { RowTokenCache, type Rows } from "evertoken/row"
import { expect, test } from "vitest"

const KEY = "alice"
const HOUR_MS = 3_600_000

/** Sign-ins, each a grant whose refresh token is taken once. */
class Issuer implements TokenSource {
  readonly fingerprint = fingerprintOf({ grant: ["issuer", "shop", KEY], access: [] })
  readonly singleUse = true
  replayed = 0
  /** Called while a request is under way. */
  during: (() => Promise<unknown>) | undefined
  readonly #live = new Set<string>()

  signIn(): Token {
    const issuedAt = Date.now()
    const [accessToken, refreshToken] = [`canary-${randomBytes(8).toString("hex")}`, randomBytes(8).toString("hex")]
    this.#live.add(`canary-${refreshToken}`)
    const times = { issuedAt, staleAt: issuedAt + HOUR_MS, expiresAt: issuedAt + 2 * HOUR_MS }
    return new Token({ accessToken, refreshToken: `canary-${refreshToken}`, ...times })
  }

  async getToken({ previous }: TokenRequest = {}): Promise<Token> {
    if (previous?.refreshToken === undefined)
      throw new TokenError("ERR_REAUTHENTICATION_REQUIRED", "sign in", { transient: false })
    if (!this.#live.delete(previous.refreshToken)) this.replayed++
    await this.during?.()
    return this.signIn()
  }
}

function scene() {
  const values = new Map<string, string>()
  const rows: Rows = {
    load: async (key) => values.get(key),
    save: async (key, value, expected) => {
      const isExpected = values.get(key) === expected
      if (isExpected) values.set(key, value)
      return isExpected
    },
    remove: async (key) => values.delete(key),
  }
  const time = { aheadMs: 0 }
  const clock = { ...systemClock, now: () => Date.now() + time.aheadMs }
  const keyring = new Keyring([EncryptionKey.from(randomBytes(32))])
  const issuer = new Issuer()
  const process = () => {
    const cache = encrypted(new RowTokenCache(rows, { absence: "signed-out", clock, pollMs: 10 }), keyring)
    const tokens = new CachedTokenSource(issuer, { key: KEY, caches: [cache], minimumIntervalMs: 0 })
    // what is fresh is served from memory, until somebody looks
    tokens.changes().subscribe()
    return { cache, tokens }
  }
  return { values, time, issuer, process }
}

const accessOf = async ({ tokens }: { readonly tokens: CachedTokenSource }) =>
  tokens.getToken().then(
    ({ accessToken }) => accessToken,
    (error: unknown) => (error instanceof TokenError ? error.code : "ERR_UNEXPECTED"),
  )

test("encrypted, a user signs in and out again and again, on any process: all serve what was last", async () => {
  const { values, time, issuer, process } = scene()
  const processes = [process(), process(), process()]
  const all = () => Promise.all(processes.map(accessOf))
  for (let round = 0; round < 12; round++) {
    const [here = process(), there = process()] = [processes[round % 3], processes[(round + 1 + (round % 2)) % 3]]
    const token = issuer.signIn()
    await here.tokens.signIn(token)
    await expect.poll(all, { timeout: 5_000 }).toEqual(processes.map(() => token.accessToken))
    expect([...values.values()].join()).not.toContain("canary")
    const renewed = await there.tokens.getToken({ newerThan: token })
    await expect.poll(all, { timeout: 5_000 }).toEqual(processes.map(() => renewed.accessToken))
    await there.tokens.signOut()
    expect(values.size).toBe(0)
    await expect.poll(all, { timeout: 5_000 }).toEqual(processes.map(() => "ERR_REAUTHENTICATION_REQUIRED"))
    expect(values.size).toBe(0)
    time.aheadMs += 1_000
  }
  expect(issuer.replayed).toBe(0)
  await Promise.all(processes.map(({ tokens }) => tokens.close()))
})

test("encrypted, whoever signs out while another process renews leaves no row, and nobody puts one back", async () => {
  const { values, issuer, process } = scene()
  const [one, two] = [process(), process()]
  const token = issuer.signIn()
  await one.tokens.signIn(token)
  issuer.during = () => two.tokens.signOut()
  await expect(one.tokens.getToken({ newerThan: token })).rejects.toMatchObject({
    code: "ERR_REAUTHENTICATION_REQUIRED",
  })
  expect(await Promise.all([one, two].map(accessOf))).toEqual(Array(2).fill("ERR_REAUTHENTICATION_REQUIRED"))
  expect(values.size).toBe(0)
  await Promise.all([one, two].map(({ tokens }) => tokens.close()))
})
