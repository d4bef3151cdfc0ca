import assert from "node:assert/strict"
import { changesCases } from "./changes-contract.js"
import { claimCases } from "./claim-contract.js"
import type { ContractCase, TokenCacheUnderTest } from "./contract-case.js"
import { durableCases, durableClaimCases } from "./durable-contract.js"
import { keyCases, keyClaimCases } from "./key-contract.js"
import { recordCases } from "./record-contract.js"

export type { TokenCacheUnderTest } from "./contract-case.js"

/** The cache under test, and what it says that it can do. */
export interface TokenCacheContractOptions {
  /** Registers one test: `test` of vitest, `node:test`, jest or mocha. */
  readonly test: (name: string, run: () => Promise<void>) => unknown
  /** Opens an empty store, twice. Called once for each test. */
  readonly create: () => Promise<TokenCacheUnderTest>
  /** Whether the cache says that it is. Then `create` gives `reopen`, too. */
  readonly durable: boolean
  /** Whether it has claims. Default true. */
  readonly claims?: boolean | undefined
  /** Whether it tells of changes. Default true. */
  readonly changes?: boolean | undefined
  /** Whether it takes any key, or only `"key"`. Default true. */
  readonly severalKeys?: boolean | undefined
  /** By how much times may differ after reading, in milliseconds: a store with its own clock converts them. Default 0. */
  readonly clockToleranceMs?: number | undefined
  /** How long a write may take to be told of, in milliseconds. Default 4,000. */
  readonly deadlineMs?: number | undefined
}

/**
 * What every implementation of `TokenCache` promises, as one test for each promise. It fails by `node:assert`, so any
 * test runner will do.
 *
 * ```ts
 * tokenCacheContract({ test, durable: false, create: async () => {
 *   const cache = new MemoryTokenCache()
 *   return { cache, peer: cache }
 * } })
 * ```
 */
export function tokenCacheContract(options: TokenCacheContractOptions): void {
  const { test, create, clockToleranceMs = 0, deadlineMs = 4_000 } = options
  for (const { title, run } of casesFor(options)) {
    test(title, async () => {
      const subject = await create()
      try {
        await run({ ...subject, clockToleranceMs, deadlineMs })
      } finally {
        await subject.dispose?.()
      }
    })
  }
}

function casesFor({
  durable,
  claims = true,
  changes = true,
  severalKeys = true,
}: TokenCacheContractOptions): readonly ContractCase[] {
  return [
    shape({ durable, claims, changes }),
    ...recordCases,
    ...(severalKeys ? keyCases : []),
    ...(claims ? claimCases : []),
    ...(claims && severalKeys ? keyClaimCases : []),
    ...(changes ? changesCases : []),
    ...(durable ? durableCases : []),
    ...(durable && claims ? durableClaimCases : []),
  ]
}

// so that no part of the contract is left out by an option that does not fit the cache
function shape(said: { readonly durable: boolean; readonly claims: boolean; readonly changes: boolean }): ContractCase {
  return {
    title: "the cache is what the options of its contract say",
    async run({ cache, peer }) {
      for (const each of [cache, peer]) {
        assert.match(each.name, /\S/, "it has a name")
        const claims = typeof each.claim === "function"
        const changes = typeof each.changes === "function"
        assert.deepEqual({ durable: each.durable, claims, changes }, said)
      }
    },
  }
}
