import assert from "node:assert/strict"
import { setImmediate as turn } from "node:timers/promises"
import { inspect } from "node:util"
import { TokenError } from "../errors.js"
import type { TokenSource } from "../token-source.js"
import { Token } from "../token.js"

/** A source that has not been asked yet, and what may happen to it. */
export interface TokenSourceUnderTest {
  readonly source: TokenSource
  /** What it was given or will get and must not show: client secrets, refresh tokens, passwords, answers. */
  readonly secrets: readonly string[]
  /** From then on no token is to be had, not even the one at hand. Called before the source is asked. */
  readonly fail: () => Promise<void>
  /** From then on who would give a token does not answer, and the one at hand is over. Called before the source is asked. */
  readonly stall?: (() => Promise<void>) | undefined
  /** Called at the end of each case, passed or failed. */
  readonly dispose?: (() => Promise<void>) | undefined
}

/** The source under test, and how tests are registered. */
export interface TokenSourceContractOptions {
  /** Registers one test: `test` of vitest, `node:test`, jest or mocha. */
  readonly test: (name: string, run: () => Promise<void>) => unknown
  /** Makes a source that works. Called once for each test. */
  readonly create: () => Promise<TokenSourceUnderTest>
  /** Whether it waits for somebody. Then `create` gives `stall`, too. Default true. */
  readonly waits?: boolean | undefined
  /** How long one promise may take to be kept, in milliseconds. Default 4,000. */
  readonly deadlineMs?: number | undefined
}

interface SourceCase {
  readonly title: string
  readonly run: (subject: TokenSourceUnderTest) => Promise<void>
}

/**
 * What every implementation of `TokenSource` promises, as one test for each promise. It fails by `node:assert`, so any
 * test runner will do.
 *
 * ```ts
 * tokenSourceContract({ test, waits: false, create: async () => {
 *   const clock = new VirtualClock()
 *   const source = new StaticTokenSource("an-api-key", { clock, lifetimeMs: 60_000 })
 *   return { source, secrets: ["an-api-key"], fail: () => clock.advance(60_000) }
 * } })
 * ```
 */
export function tokenSourceContract(options: TokenSourceContractOptions): void {
  const { test, create, waits = true, deadlineMs = 4_000 } = options
  for (const { title, run } of waits ? [...cases, givesUp] : cases) {
    test(title, async () => {
      const subject = await create()
      try {
        await within(deadlineMs, run(subject))
      } finally {
        await subject.dispose?.()
      }
    })
  }
}

const cases: readonly SourceCase[] = [
  {
    title: "gives a token",
    async run({ source }) {
      assertToken(await source.getToken())
      assertToken(await source.getToken({}))
    },
  },
  {
    title: "what is at hand, if it tells of that, is the token that it gives",
    async run({ source }) {
      const token = await source.getToken()
      const atHand = source.atHand?.()
      if (atHand === undefined) return
      assertToken(atHand)
      assert.ok(atHand.accessToken === token.accessToken, "it is the same one")
    },
  },
  {
    title: "may be asked by many at once: each of them gets a token",
    async run({ source }) {
      const tokens = await Promise.all(Array.from({ length: 8 }, () => source.getToken()))
      for (const token of tokens) assertToken(token)
    },
  },
  {
    title: "a signal that is aborted before rejects with its reason, and harms no later call",
    async run({ source }) {
      const reason = { patience: "none" }
      assert.equal(await rejectionOf(source.getToken({ signal: AbortSignal.abort(reason) })), reason)
      assertToken(await source.getToken())
      const again = await rejectionOf(source.getToken({ signal: AbortSignal.abort(reason) }))
      assert.equal(again, reason, "also where a token is at hand")
    },
  },
  {
    title: "who gives up cancels nobody else's call",
    async run({ source }) {
      const patience = new AbortController()
      const reason = new Error("gave up")
      const before = source.getToken()
      const impatient = outcomeOf(source.getToken({ signal: patience.signal }))
      const after = source.getToken({ signal: new AbortController().signal })
      patience.abort(reason)
      const [first, second, gaveUp] = await Promise.all([before, after, impatient])
      assertToken(first)
      assertToken(second)
      if ("error" in gaveUp) assert.equal(gaveUp.error, reason)
      else assertToken(gaveUp.value)
    },
  },
  {
    title: "a failure is a TokenError, which shows no secret",
    async run({ source, secrets, fail }) {
      await fail()
      const error = await rejectionOf(source.getToken())
      assert.ok(error instanceof TokenError, `it is a TokenError, not ${nameOf(error)}`)
      assert.match(error.code, /^ERR_[A-Z_]+$/)
      assertShowsNone(secrets, error)
    },
  },
  {
    title: "the fingerprint stays the same, and is no secret",
    async run({ source, secrets }) {
      const { fingerprint } = source
      const token = await source.getToken()
      assert.equal(source.fingerprint, fingerprint)
      if (fingerprint === undefined) return
      assert.match(fingerprint, /\S/)
      assertShowsNone([...secrets, ...secretsOf(token)], fingerprint)
    },
  },
  {
    title: "nothing that inspects it shows a secret",
    async run({ source, secrets }) {
      assertShowsNone(secrets, source)
      const token = await source.getToken()
      assertShowsNone([...secrets, ...secretsOf(token)], source)
    },
  },
]

const givesUp: SourceCase = {
  title: "who gives up is told the signal's reason, while others wait on",
  async run({ source, stall }) {
    assert.ok(stall, "a source that waits for somebody can be made to wait")
    await stall()
    const patience = new AbortController()
    const reason = { patience: "over" }
    let patientEnded = false
    const patient = outcomeOf(source.getToken()).finally(() => (patientEnded = true))
    const impatient = rejectionOf(source.getToken({ signal: patience.signal }))
    await turn()
    patience.abort(reason)
    assert.equal(await impatient, reason)
    await Promise.race([patient, turn()])
    assert.ok(!patientEnded, "who did not give up still waits")
  },
}

/** @throws AssertionError at the deadline. */
async function within(deadlineMs: number, keeping: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `not within ${deadlineMs} ms` })), deadlineMs)
  })
  await Promise.race([keeping, late]).finally(() => clearTimeout(timer))
}

function assertToken(token: unknown): void {
  assert.ok(token instanceof Token, "it is a Token")
  assert.notEqual(token.accessToken, "")
  assert.ok(token.expiresAt > token.issuedAt, "it lasts for a while")
}

function secretsOf({ accessToken, refreshToken, idToken }: Token): readonly string[] {
  return [accessToken, refreshToken, idToken].filter((secret) => secret !== undefined)
}

// the message of an assertion that fails must not show them either
function assertShowsNone(secrets: readonly string[], subject: unknown): void {
  const shown = typeof subject === "string" ? subject : inspect(subject, { depth: 10, showHidden: true })
  for (const [index, secret] of secrets.entries()) {
    assert.notEqual(secret, "", "a secret that can be looked for")
    assert.ok(!shown.includes(secret), `secret ${index + 1} of ${secrets.length} does not show`)
  }
}

type Outcome = { readonly value: Token } | { readonly error: unknown }

function outcomeOf(promise: Promise<Token>): Promise<Outcome> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
}

async function rejectionOf(promise: Promise<Token>): Promise<unknown> {
  const outcome = await outcomeOf(promise)
  assert.ok("error" in outcome, "it rejects")
  return outcome.error
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
