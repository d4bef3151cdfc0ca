import type { Adapter, AdapterPayload } from "oidc-provider"

/**
 * Where the issuer keeps its grants and tokens: memory, without a limit, so that a spent refresh token is remembered for
 * good (the adapter that comes with oidc-provider forgets beyond 1,000 entries, and would take a reuse for a typing error).
 */
export class IssuerStore {
  readonly #payloads = new Map<string, AdapterPayload>()
  readonly #spentAt = new Map<string, number>()
  readonly #members = new Map<string, Set<string>>()
  readonly #reuseLeewayMs: number

  constructor({ reuseLeewayMs }: { readonly reuseLeewayMs: number }) {
    this.#reuseLeewayMs = reuseLeewayMs
  }

  /** What oidc-provider asks for: one adapter for each of its models. */
  readonly adapterOf = (model: string): Adapter => {
    const key = (id: string) => `${model}:${id}`
    return {
      upsert: async (id, payload) => this.#put(key(id), payload),
      find: async (id) => this.#get(key(id)),
      findByUid: async (uid) => this.#find(model, (payload) => payload.uid === uid),
      findByUserCode: async (userCode) => this.#find(model, (payload) => payload.userCode === userCode),
      consume: async (id) => void this.#spentAt.set(key(id), Date.now()),
      destroy: async (id) => void this.#payloads.delete(key(id)),
      revokeByGrantId: async (grantId) => this.#revoke(grantId),
    }
  }

  /** Whether a use of this refresh token has been answered with a new one. */
  isSpent(refreshToken: string): boolean {
    return this.spentAt(refreshToken) !== undefined
  }

  /** When that was, last, in epoch milliseconds. */
  spentAt(refreshToken: string): number | undefined {
    return this.#spentAt.get(`RefreshToken:${refreshToken}`)
  }

  #put(key: string, payload: AdapterPayload): void {
    this.#payloads.set(key, payload)
    if (payload.grantId === undefined) return
    const members = this.#members.get(payload.grantId) ?? new Set()
    this.#members.set(payload.grantId, members.add(key))
  }

  #get(key: string): AdapterPayload | undefined {
    const payload = this.#payloads.get(key)
    const spentAt = this.#spentAt.get(key)
    if (!payload || spentAt === undefined || Date.now() - spentAt < this.#reuseLeewayMs) return payload
    return { ...payload, consumed: Math.floor(spentAt / 1000) }
  }

  #find(model: string, isIt: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    const found = [...this.#payloads].find(([key, payload]) => key.startsWith(`${model}:`) && isIt(payload))
    return found && this.#get(found[0])
  }

  #revoke(grantId: string): void {
    for (const key of this.#members.get(grantId) ?? []) this.#payloads.delete(key)
    this.#members.delete(grantId)
  }
}
