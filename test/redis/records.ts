import { Token, type Commit, type StoredToken, type TokenCache } from "evertoken"

/** The record of a generation, which says so. */
function recordOf(generation: number): StoredToken {
  const version = { lineage: "lineage", generation, id: `id-${generation}` }
  const token = new Token({ accessToken: `access-${generation}`, issuedAt: 1_000, staleAt: 2_000, expiresAt: 3_000 })
  return { version, token, lineages: [] }
}

/** Writes the record of a generation on top of the one before it. */
export function commit(cache: TokenCache, generation: number): Promise<Commit> {
  const expected = generation === 1 ? undefined : recordOf(generation - 1).version
  return cache.commit("key", recordOf(generation), { expected })
}
