import { randomUUID } from "node:crypto"
import { hashOf, type Claim, type StoredToken } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import type { ModelStep } from "../model/model-step.js"

/** Who writes the record again, as it is: it does with the real cache what `reencrypt` does, and when it is told to. */
export class Rewriter {
  readonly #cache: FileTokenCache
  readonly #key: string
  #record: StoredToken | undefined
  #claim: Claim | undefined

  constructor(file: string, key: string) {
    this.#cache = new FileTokenCache(file)
    this.#key = key
  }

  /** @returns whether it has. */
  async move({ detail }: ModelStep): Promise<boolean> {
    if (detail.startsWith("reads")) this.#record = await this.#cache.get(this.#key)
    else if (detail.startsWith("creates")) return this.#take()
    else if (detail === "its lease runs out") await this.#claim?.abandon()
    else if (detail.startsWith("links")) return this.#write()
    else throw new Error(`nobody knows how to replay "${detail}"`)
    return true
  }

  async #take(): Promise<boolean> {
    const what = hashOf(this.#record?.token?.refreshToken ?? "")
    this.#claim = this.#cache.claim(this.#key, { what, singleUse: true })
    return this.#claim.take(1)
  }

  async #write(): Promise<boolean> {
    if (this.#record?.token === undefined) return false
    const { version, token } = this.#record
    const next = { ...version, generation: version.generation + 1, id: randomUUID() }
    const record = { ...this.#record, version: next, token: token.with({ version: next }) }
    return (await this.#cache.commit(this.#key, record, { expected: version })).committed
  }
}
