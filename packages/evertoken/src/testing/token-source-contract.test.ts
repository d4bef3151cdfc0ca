import { expect, test } from "vitest"
import { TokenError } from "../errors.js"
import type { TokenRequest, TokenSource } from "../token-source.js"
import type { Token } from "../token.js"
import { tokenOf } from "./internal/answering-source.js"
import { tokenSourceContract } from "./token-source-contract.js"
import { VirtualClock } from "./virtual-clock.js"

const SECRET = "the-client-secret"
const clock = new VirtualClock()

/** As a token source should be. */
class GoodSource implements TokenSource {
  fingerprint: string | undefined = "grant.access"
  state: "well" | "failing" | "stalled" = "well"
  protected issued = 0

  async getToken({ signal }: TokenRequest = {}): Promise<Token> {
    signal?.throwIfAborted()
    if (this.state === "failing") throw this.failure()
    if (this.state === "stalled") await this.#patience(signal)
    return this.answer()
  }

  answer(): Token | Promise<Token> {
    return tokenOf(`access-token-${++this.issued}`, clock)
  }

  failure(): Error {
    return new TokenError("ERR_TOKEN_SOURCE", "down", { transient: true })
  }

  #patience(signal: AbortSignal | undefined): Promise<never> {
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
  }
}

/** Runs the contract and gives the titles of the promises broken. */
async function broken(
  make: () => GoodSource,
  { waits = true, withStall = true, deadlineMs = 4_000 } = {},
): Promise<string[]> {
  const cases: [string, () => Promise<void>][] = []
  const create = async () => {
    const source = make()
    const fail = async () => void (source.state = "failing")
    const stall = withStall ? async () => void (source.state = "stalled") : undefined
    return { source, secrets: [SECRET], fail, stall }
  }
  tokenSourceContract({ waits, deadlineMs, create, test: (title, run) => cases.push([title, run]) })
  const titles: string[] = []
  for (const [title, run] of cases) await run().catch(() => titles.push(title))
  return titles
}

const FIRST = "gives a token"
const MANY = "may be asked by many at once: each of them gets a token"
const ABORTED = "a signal that is aborted before rejects with its reason, and harms no later call"
const NOBODY_ELSE = "who gives up cancels nobody else's call"
const FAILURE = "a failure is a TokenError, which shows no secret"
const FINGERPRINT = "the fingerprint stays the same, and is no secret"
const INSPECTED = "nothing that inspects it shows a secret"
const GIVES_UP = "who gives up is told the signal's reason, while others wait on"

class GivesText extends GoodSource {
  override answer() {
    return "access-token" as unknown as Token
  }
}

class GivesWhatIsOver extends GoodSource {
  override answer() {
    return tokenOf("access-token", clock, { lifetimeMs: 0 })
  }
}

class OneAtATime extends GoodSource {
  #busy = false
  override async answer() {
    if (this.#busy) throw this.failure()
    this.#busy = true
    await Promise.resolve()
    this.#busy = false
    return super.answer()
  }
}

class HeedsNoSignal extends GoodSource {
  override getToken() {
    return super.getToken()
  }
}

class HeedsNoSignalOnceItHasOne extends GoodSource {
  override getToken(request?: TokenRequest) {
    return super.getToken(this.issued > 0 ? {} : request)
  }
}

class TellsItsOwnReason extends GoodSource {
  override async getToken(request: TokenRequest = {}) {
    if (request.signal?.aborted) throw new Error("aborted")
    return super.getToken(request)
  }
}

class CancelsAll extends GoodSource {
  readonly #all = new AbortController()
  override async getToken(request: TokenRequest = {}) {
    request.signal?.throwIfAborted()
    request.signal?.addEventListener("abort", () => this.#all.abort(request.signal?.reason))
    const signals = [this.#all.signal, ...(request.signal === undefined ? [] : [request.signal])]
    const token = await super.getToken({ signal: AbortSignal.any(signals) })
    await Promise.resolve()
    this.#all.signal.throwIfAborted()
    return token
  }
}

class FailsForeign extends GoodSource {
  override failure() {
    return new Error("down")
  }
}

class TellsTheAnswer extends GoodSource {
  override failure() {
    return new TokenError("ERR_TOKEN_SOURCE", "down", { transient: true, cause: new Error(`body: ${SECRET}`) })
  }
}

class NeverFails extends GoodSource {
  override getToken(request?: TokenRequest) {
    if (this.state === "failing") this.state = "well"
    return super.getToken(request)
  }
}

class ChangesItsFingerprint extends GoodSource {
  override answer() {
    this.fingerprint = `grant.access-${++this.issued}`
    return super.answer()
  }
}

class IsKnownByItsSecret extends GoodSource {
  override fingerprint: string | undefined = `grant.${SECRET}`
}

class HoldsItsSecretOpenly extends GoodSource {
  readonly options = { nested: { clientSecret: SECRET } }
}

class HoldsItsSecretHidden extends GoodSource {
  constructor() {
    super()
    Object.defineProperty(this, "secret", { value: SECRET, enumerable: false })
  }
}

class KeepsTheAnswer extends GoodSource {
  last: unknown
  override answer() {
    const token = tokenOf("access-token", clock, { refreshToken: "a-refresh-token" })
    this.last = { refresh_token: token.refreshToken }
    return token
  }
}

test.each<[string, () => GoodSource, string]>([
  ["gives something else than a token", () => new GivesText(), FIRST],
  ["gives what is over at once", () => new GivesWhatIsOver(), FIRST],
  ["serves one at a time", () => new OneAtATime(), MANY],
  ["heeds no signal", () => new HeedsNoSignal(), ABORTED],
  ["lets who gives up wait on", () => new HeedsNoSignal(), GIVES_UP],
  ["heeds no signal where a token is at hand", () => new HeedsNoSignalOnceItHasOne(), ABORTED],
  ["tells a reason of its own", () => new TellsItsOwnReason(), ABORTED],
  ["cancels all when one gives up", () => new CancelsAll(), NOBODY_ELSE],
  ["ends all waiting when one gives up", () => new CancelsAll(), GIVES_UP],
  ["fails with a foreign error", () => new FailsForeign(), FAILURE],
  ["shows an answer in the cause", () => new TellsTheAnswer(), FAILURE],
  ["does not fail", () => new NeverFails(), FAILURE],
  ["changes its fingerprint", () => new ChangesItsFingerprint(), FINGERPRINT],
  ["is known by its secret", () => new IsKnownByItsSecret(), FINGERPRINT],
  ["holds its secret openly", () => new HoldsItsSecretOpenly(), INSPECTED],
  ["holds its secret in a hidden property", () => new HoldsItsSecretHidden(), INSPECTED],
  ["keeps what it got where it shows", () => new KeepsTheAnswer(), INSPECTED],
])("a source that %s breaks the contract", async (_, make, promise) => {
  expect(await broken(make, { deadlineMs: 50 })).toContain(promise)
})

test("a source as it should be breaks nothing, with a fingerprint or without", async () => {
  expect(await broken(() => new GoodSource())).toEqual([])
  expect(await broken(() => Object.assign(new GoodSource(), { fingerprint: undefined }))).toEqual([])
})

test("a source that waits for somebody and cannot be made to breaks the contract", async () => {
  expect(await broken(() => new GoodSource(), { withStall: false })).toEqual([GIVES_UP])
  expect(await broken(() => new GoodSource(), { withStall: false, waits: false })).toEqual([])
})

test("what a case opened is disposed of, whether it passed or failed", async () => {
  let open = 0
  const runs: (() => Promise<void>)[] = []
  tokenSourceContract({
    test: (_, run) => runs.push(run),
    create: async () => {
      open++
      return { source: new FailsForeign(), secrets: [], fail: async () => {}, dispose: async () => void open-- }
    },
  })
  const outcomes = await Promise.allSettled(runs.map((run) => run()))
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["fulfilled", "rejected"]))
  expect(open).toBe(0)
})
