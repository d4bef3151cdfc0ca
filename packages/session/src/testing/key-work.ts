import { webcrypto } from "node:crypto"
import { setImmediate as turn } from "node:timers/promises"

const { subtle } = webcrypto
const underWay = new Set<Promise<unknown>>()

for (const name of ["decrypt", "encrypt", "importKey", "sign", "verify"] as const) {
  const { [name]: method } = subtle
  Object.defineProperty(subtle, name, {
    value(...args: []) {
      const work: unknown = Reflect.apply(method, subtle, args)
      return tracked(Promise.resolve(work))
    },
  })
}

function tracked(work: Promise<unknown>): Promise<unknown> {
  underWay.add(work)
  const end = () => underWay.delete(work)
  work.then(end, end)
  return work
}

/** What other threads do with keys is done, and what that set off: for a clock whose time must not go on meanwhile. */
export async function whenKeysRest(): Promise<void> {
  await turn()
  while (underWay.size > 0) {
    await Promise.allSettled(underWay)
    await turn()
  }
}
