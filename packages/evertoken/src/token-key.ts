import { fingerprintOf, type TokenSource } from "./token-source.js"

/** A source without a name is told from others by its key. */
export function keyFingerprint(key: string | undefined): string | undefined {
  return key === undefined ? undefined : fingerprintOf({ grant: ["key", key], access: [] })
}

/** A refresh token serves all scopes of its grant, so its record is found again when they change. */
export function defaultKey({ fingerprint, lineage, singleUse }: TokenSource): string {
  const isGrant = lineage !== undefined || singleUse === true
  return (isGrant ? fingerprint?.split(".")[0] : fingerprint) ?? "token"
}
