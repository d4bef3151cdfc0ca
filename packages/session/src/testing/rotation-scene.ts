import { EncryptionKey, Keyring } from "evertoken/encryption"
import { seededRandom, VirtualClock } from "evertoken/testing"
import type { Clock } from "evertoken"
import { createTokenManager } from "../create-token-manager.js"
import { Browser } from "./browser.js"
import { whenKeysRest } from "./key-work.js"
import { MemoryTable } from "./memory-table.js"
import { RotatingIssuer } from "./rotating-issuer.js"

export const MINUTE_MS = 60_000
export const ALICE = { userId: "alice" }

/**
 * Servers over one table, and a browser that alice has signed in with at the first of them.
 * @param aheadMs by how much the clocks of the servers are ahead, in their order
 */
export async function rotationScene({
  servers = 1,
  aheadMs = [],
}: { servers?: number; aheadMs?: readonly number[] } = {}) {
  const clock = new VirtualClock({ settle: whenKeysRest })
  const issuer = new RotatingIssuer(clock)
  const database = new MemoryTable()
  const keyring = new Keyring([EncryptionKey.from(Uint8Array.from({ length: 32 }, (_, i) => i * 7))])
  const managers = Array.from({ length: servers }, (_, i) =>
    createTokenManager({
      keyring,
      signingKeys: [Uint8Array.from({ length: 32 }, (_, i) => i * 5)],
      clock: aheadOf(clock, aheadMs[i] ?? 0),
      random: seededRandom(i),
      types: {
        access: { strategy: "cookie", renewedBy: "refresh", idleTimeoutMs: 600 * MINUTE_MS },
        refresh: { strategy: "database", table: database.table, source: issuer.source },
      },
    }),
  )
  const tokens = serverOf(managers, 0)
  const browser = new Browser()
  const signIn = async (who = browser, userId = ALICE.userId) => {
    const token = issuer.signIn()
    const context = who.request()
    await tokens.set(context, "refresh", token, { userId })
    await tokens.set(context, "access", token, { userId })
  }
  await signIn()
  database.statements.length = 0
  /** Time goes on, step by step, until it is so. */
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await clock.advance(10)
  }
  /** The name of the token, or the code of the error, when it is there. */
  const told = (promise: Promise<{ accessToken: string }>) => {
    const request = { told: "" }
    promise.then(
      ({ accessToken }) => (request.told = accessToken),
      (error: unknown) => (request.told = String(error instanceof Error && Reflect.get(error, "code"))),
    )
    return request
  }
  const read = async (promise: Promise<{ accessToken: string }>) => {
    const request = told(promise)
    await until(() => request.told !== "")
    return request.told
  }
  return { clock, issuer, database, tokens, managers, browser, signIn, until, told, read }
}

export function serverOf<T>(managers: readonly T[], i: number): T {
  const manager = managers[i % managers.length]
  if (manager === undefined) throw new Error("a scene has servers")
  return manager
}

function aheadOf(clock: VirtualClock, aheadMs: number): Clock {
  if (aheadMs === 0) return clock
  return {
    now: () => clock.now() + aheadMs,
    monotonic: () => clock.monotonic(),
    setTimer: (callback, delayMs, options) => clock.setTimer(callback, delayMs, options),
  }
}
