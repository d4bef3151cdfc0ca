import { Token, type StoredToken } from "evertoken"

export function versionOf(generation: number) {
  return { lineage: "lineage", generation, id: `id-${generation}` }
}

export function recordOf(generation: number): StoredToken {
  const issuedAt = Date.now()
  const times = { issuedAt, staleAt: issuedAt + 2_700_000, expiresAt: issuedAt + 3_600_000 }
  const token = new Token({ accessToken: `canary-access-${generation}`, refreshToken: "canary-refresh", ...times })
  return { version: versionOf(generation), token, lineages: [] }
}
