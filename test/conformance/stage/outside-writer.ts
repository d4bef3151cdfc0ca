import { hashOf, serializeToken, Token, type StoredToken } from "evertoken"
import type { Stage } from "./stage.js"

/**
 * Another program renews the token, and writes it where the process keeps it.
 * @throws Error if the refresh token in the store is no good, or somebody else has written meanwhile.
 */
export async function writeFromOutside(name: string, stage: Stage): Promise<void> {
  const { key, tokens } = stage.process(name)
  const before = await stage.store.read(key)
  const token = renewed(before?.token, stage)
  const { lineage = hashOf(name), generation = 0 } = before?.version ?? {}
  const record = {
    version: { lineage, generation: generation + 1, id: hashOf(token.accessToken) },
    token,
    fingerprint: tokens.fingerprint,
    lineages: before?.lineages ?? [],
  }
  await commit(key, record, before, stage)
}

function renewed(before: Token | undefined, { issuer, clock }: Stage): Token {
  const fields = issuer.renewElsewhere(before?.refreshToken)
  const [accessToken, refreshToken] = [fields?.["access_token"], fields?.["refresh_token"]]
  if (typeof accessToken !== "string") throw new Error("the refresh token in the store is no good")
  const issuedAt = clock.now()
  const times = { issuedAt, staleAt: issuedAt + issuer.lifetimeMs * 0.75, expiresAt: issuedAt + issuer.lifetimeMs }
  const kept = before === undefined ? {} : serializeToken(before)
  return new Token({ ...kept, ...times, accessToken, ...(typeof refreshToken === "string" && { refreshToken }) })
}

async function commit(key: string, record: StoredToken, before: StoredToken | undefined, stage: Stage): Promise<void> {
  const cache = stage.store.connect(stage.clock)
  const { committed } = await cache.commit(key, record, { expected: before?.version })
  await cache.close?.()
  if (!committed) throw new Error("the other program's write was refused")
}
