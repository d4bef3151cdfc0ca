import { setImmediate as turn } from "node:timers/promises"
import { inspect } from "node:util"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { CachedTokenSource } from "../cached-token-source.js"
import { MemoryTokenCache } from "../memory-token-cache.js"
import { TokenServer, type ServedToken } from "../testing/internal/token-server.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import { TokenPool } from "../token-pool.js"
import { TokenWatcher } from "../token-watcher.js"
import type { Token } from "../token.js"
import { ServerTokenSource } from "./server-token-source.js"

const HOUR_MS = 3_600_000

let clock: VirtualClock
let server: TokenServer
let source: ServerTokenSource
beforeEach(async () => {
  clock = new VirtualClock()
  server = await TokenServer.start(served("first"))
  source = sourceOf()
})
afterEach(async () => {
  await source.close()
  await server[Symbol.asyncDispose]()
})

function sourceOf() {
  return new ServerTokenSource("my app", { socketPath: server.socketPath, clock, random: () => 0.5 })
}

function served(accessToken: string): ServedToken {
  const now = clock.now()
  return {
    accessToken,
    tokenType: "Bearer",
    issuedAt: now,
    staleAt: now + 0.75 * HOUR_MS,
    expiresAt: now + HOUR_MS,
    scope: "read",
  }
}

/** What comes from another process takes as long as it takes; no time passes meanwhile. */
function until(what: () => void): Promise<void> {
  return vi.waitFor(what, { timeout: 20_000, interval: 2 })
}

/** Lets the time pass for which a server that is away is left alone. */
async function pause(): Promise<void> {
  await until(() => expect(clock.nextTimerInMs).toBeLessThanOrEqual(10_000))
  await clock.advance(10_000)
}

describe("getToken", () => {
  it("gives what the server has, and asks by its name", async () => {
    const token = await source.getToken()
    expect(token).toMatchObject({
      accessToken: "first",
      tokenType: "Bearer",
      scope: "read",
      expiresAt: clock.now() + HOUR_MS,
    })
    expect(token.refreshToken).toBeUndefined()
    expect(server.asked).toEqual(["GET /tokens/my%20app"])
    expect(server.headers[0]).toMatchObject({ "x-evertoken-request": "1" })
  })

  it("a token becomes stale later here than at the server, which renews it before", async () => {
    const { staleAt } = await source.getToken()
    expect(staleAt).toBe(clock.now() + 0.875 * HOUR_MS)
  })

  it("callers who want any token share one request", async () => {
    const tokens = await Promise.all(Array.from({ length: 50 }, () => source.getToken()))
    expect(new Set(tokens).size).toBe(1)
    expect(server.asked).toHaveLength(1)
  })

  it("the same token comes as the same object", async () => {
    expect(await source.getToken()).toBe(await source.getToken())
    const longer = { ...served("first"), expiresAt: clock.now() + 2 * HOUR_MS }
    server.token = longer
    expect((await source.getToken()).expiresAt).toBe(longer.expiresAt)
  })

  it("tells the server for how long the token must last", async () => {
    await source.getToken({ minimumValidityMs: 90_000.5 })
    expect(server.asked).toEqual(["GET /tokens/my%20app?min_validity=90001ms"])
  })

  it("while the server is away, the token given last is the answer, until it is over", async () => {
    await source.getToken()
    await server.end()
    expect((await source.getToken()).accessToken).toBe("first")
    await clock.advance(HOUR_MS)
    await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST", transient: true })
  })

  it("a server that was never there is told by its place", async () => {
    await server.end()
    await expect(source.getToken()).rejects.toThrow(
      `${server.socketPath} cannot be reached: ENOENT; is evertoken serve running?`,
    )
  })

  it("who waits too long is told so", async () => {
    server.instead = "nothing"
    const asked = source.getToken()
    const told = expect(asked).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true })
    await until(() => expect(server.asked).toHaveLength(1))
    await clock.advance(15_000)
    await told
  })

  it("a signal ends a request that is for one caller only", async () => {
    server.instead = "nothing"
    const patience = new AbortController()
    const asked = source.getToken({ minimumValidityMs: 1, signal: patience.signal })
    await until(() => expect(server.asked).toHaveLength(1))
    patience.abort("no time")
    await expect(asked).rejects.toBe("no time")
  })

  it("who has closed it gets no token, and neither does who waits", async () => {
    await source.getToken()
    server.instead = "nothing"
    const waiting = source.getToken()
    const told = expect(waiting).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
    await until(() => expect(server.asked).toHaveLength(2))
    await source[Symbol.asyncDispose]()
    await told
    await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE_CLOSED" })
  })
})

describe("what the server refuses with", () => {
  const problem = { code: "ERR_TOKEN_RESPONSE", detail: "the issuer refuses", hint: "Look at the client" }

  it.each([
    [503, "ERR_TOKEN_REQUEST", "ERR_TOKEN_REQUEST", true],
    [503, "ERR_TOKEN_SOURCE_CLOSED", "ERR_TOKEN_SOURCE", true],
    [409, "ERR_REAUTHENTICATION_REQUIRED", "ERR_REAUTHENTICATION_REQUIRED", false],
    [502, "ERR_TOKEN_RESPONSE", "ERR_TOKEN_SOURCE", false],
    [404, "ERR_UNKNOWN_TOKEN", "ERR_TOKEN_SOURCE", false],
    [500, undefined, "ERR_TOKEN_SOURCE", true],
  ])("%i with %s is told as %s", async (status, code, told, transient) => {
    server.instead = { status, body: { ...problem, code } }
    const error = await source.getToken().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: told,
      transient,
      message: expect.stringContaining("the issuer refuses. Look") as string,
    })
  })

  it("tells when it may be asked again", async () => {
    server.instead = { status: 503, headers: { "retry-after": "7" }, body: problem }
    await expect(source.getToken()).rejects.toMatchObject({ retryAfterMs: 7_000 })
  })

  it.each([
    ["no JSON object", "text"],
    ["no times", { accessToken: "s3cret" }],
    ["no token", { ...servedFields(), accessToken: 7 }],
    ["a token that is none", { ...servedFields(), accessToken: "s3cret s3cret" }],
    ["a scope that is none", { ...servedFields(), scope: [] }],
  ])("an answer with %s is refused, and does not show", async (_, body) => {
    server.instead = { status: 200, body }
    const error = await source.getToken().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID" })
    expect(inspect(error, { depth: 9 })).not.toContain("s3cret")
  })

  it("an answer without end is not read to its end", async () => {
    server.instead = { status: 200, body: { ...served("x"), more: "x".repeat(2 ** 21) } }
    await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID" })
  })

  it("a server that has no grant any more means the token at hand, too", async () => {
    await source.getToken()
    server.signOut()
    await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_REAUTHENTICATION_REQUIRED" })
    await server.end()
    await expect(source.getToken()).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST" })
  })

  it("any other failure leaves the token at hand", async () => {
    await source.getToken()
    server.instead = { status: 502, body: problem }
    expect((await source.getToken()).accessToken).toBe("first")
  })
})

function servedFields() {
  return { accessToken: "s3cret", issuedAt: 0, staleAt: 1, expiresAt: 2 }
}

describe("a newer token", () => {
  const renew = () => (server.token = served("second"))

  it("that the server has already is given, and nothing renewed", async () => {
    const refused = await source.getToken()
    renew()
    expect((await source.getToken({ newerThan: refused })).accessToken).toBe("second")
    expect(server.asked.filter((asked) => asked.startsWith("POST"))).toEqual([])
  })

  it("is asked for by the tag of what was refused", async () => {
    const refused = await source.getToken()
    const tags: (string | undefined)[] = []
    server.onRefresh = (tag) => {
      tags.push(tag)
      renew()
    }
    expect((await source.getToken({ newerThan: refused })).accessToken).toBe("second")
    expect(tags).toEqual([server.tagOf(served("first"))])
    expect(server.asked.slice(1)).toEqual([
      "GET /tokens/my%20app",
      "POST /tokens/my%20app/refresh?insist=false",
      "GET /tokens/my%20app",
    ])
  })

  it("that is not to be had is an error, and the refused one no answer", async () => {
    const refused = await source.getToken()
    await expect(source.getToken({ newerThan: refused })).rejects.toMatchObject({ code: "ERR_TOKEN_UNCHANGED" })
    await server.end()
    await expect(source.getToken({ newerThan: refused })).rejects.toMatchObject({ code: "ERR_TOKEN_REQUEST" })
  })

  it("who insists has the server ask at once, also where it has none", async () => {
    server.signOut()
    server.onRefresh = renew
    expect((await source.getToken({ insist: true })).accessToken).toBe("second")
    expect(server.asked[1]).toBe("POST /tokens/my%20app/refresh?insist=true")
  })
})

describe("changes", () => {
  it("a watcher has the next token as soon as the server has it, and asks for none", async () => {
    await using watcher = await TokenWatcher.start(source, { clock, random: () => 0.5 })
    await until(() => expect(server.waiting).toBe(1))
    server.token = served("second")
    await until(() => expect(watcher.current().accessToken).toBe("second"))
    expect(server.asked.filter((asked) => asked.startsWith("POST"))).toEqual([])
    server.token = served("third")
    await until(() => expect(watcher.current().accessToken).toBe("third"))
  })

  it("a watcher serves nothing once somebody has signed out at the server, and goes on after a sign-in", async () => {
    await using watcher = await TokenWatcher.start(source, { clock, random: () => 0.5 })
    await until(() => expect(server.waiting).toBe(1))
    server.signOut()
    await until(() => expect(() => watcher.current()).toThrow("signed out"))
    await until(() => expect(server.waiting).toBe(1))
    server.token = served("second")
    await until(() => expect(watcher.current().accessToken).toBe("second"))
  })

  it("a watcher survives a server that ends and starts again, and then has what came meanwhile", async () => {
    await using watcher = await TokenWatcher.start(source, { clock, random: () => 0.5 })
    await until(() => expect(server.waiting).toBe(1))
    await server.end()
    await pause()
    expect(watcher.current().accessToken).toBe("first")
    server.token = served("second")
    await server.begin()
    await pause()
    await until(() => expect(watcher.current().accessToken).toBe("second"))
  })

  it("a server that says before the time that there is nothing is left alone for a while", async () => {
    await source.getToken()
    server.isEnding = true
    const changes = source.changes().subscribe()
    await until(() => expect(clock.nextTimerInMs).toBeLessThan(10_000))
    expect(server.asked).toHaveLength(2)
    await pause()
    await until(() => expect(server.asked).toHaveLength(3))
    changes.unsubscribe()
  })

  it("a wait that ends with nothing after its time is followed by the next one at once", async () => {
    await source.getToken()
    const changes = source.changes().subscribe()
    await until(() => expect(server.waiting).toBe(1))
    await clock.advance(60_000)
    server.isEnding = true
    server.tellNothing()
    await until(() => expect(server.asked).toHaveLength(3))
    changes.unsubscribe()
  })

  it("one wait serves all who subscribe, ends with the last of them, and no timer of it keeps a process alive", async () => {
    await source.getToken()
    const [one, other] = [source.changes().subscribe(), source.changes().subscribe()]
    await until(() => expect(server.waiting).toBe(1))
    expect(clock.refTimers).toBe(0)
    one.unsubscribe()
    await turn()
    expect(server.waiting).toBe(1)
    other.unsubscribe()
    await until(() => expect(server.waiting).toBe(0))
    expect(clock.pendingTimers).toBe(0)
  })

  it("completes when it is closed", async () => {
    let completed = 0
    source.changes().subscribe({ complete: () => completed++ })
    await source.close()
    source.changes().subscribe({ complete: () => completed++ })
    expect(completed).toBe(2)
  })
})

describe("it composes", () => {
  it("with caches of its own: a fresh token costs no request, a new process none either", async () => {
    const caches = [new MemoryTokenCache({ clock })]
    const first = new CachedTokenSource(source, { caches, clock })
    await first.getToken()
    await first.getToken()
    const second = new CachedTokenSource(sourceOf(), { caches, clock })
    expect((await second.getToken()).accessToken).toBe("first")
    expect(server.asked).toHaveLength(1)
  })

  it("in a pool, each key a token of the server", async () => {
    const sources: Record<string, ServerTokenSource> = {}
    const options = { clock, random: () => 0.5 }
    await using pool = new TokenPool(
      (name: string) => (sources[name] = new ServerTokenSource(name, { socketPath: server.socketPath, ...options })),
      options,
    )
    const tokens: Token[] = await Promise.all(["a", "b"].map((name) => pool.getToken(name)))
    expect(tokens.map(({ accessToken }) => accessToken)).toEqual(["first", "first"])
    expect(server.asked.filter((asked) => !asked.includes("/wait"))).toEqual(["GET /tokens/a", "GET /tokens/b"])
    expect(sources["a"]?.fingerprint).not.toBe(sources["b"]?.fingerprint)
  })
})
