import fs, { mkdir, mkdtemp, rename, rm, symlink, unlink, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { TokenError } from "../errors.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import { Token } from "../token.js"
import { FileTokenCache } from "./file-token-cache.js"
import { FileTokenSource } from "./file-token-source.js"
import { encodeRecord } from "../stored-record.js"

async function open(content?: string | object) {
  const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, "token")
  const clock = new VirtualClock()
  const writtenAt = new Date(clock.now())
  const write = async (text: string | object) => {
    await writeFile(`${path}.new`, typeof text === "string" ? text : JSON.stringify(text))
    await utimes(`${path}.new`, writtenAt, writtenAt)
    await rename(`${path}.new`, path)
  }
  if (content !== undefined) await write(content)
  return { directory, path, clock, write, now: clock.now(), source: new FileTokenSource(path, { clock }) }
}

const problem = (said: string | RegExp) => ({
  code: "ERR_TOKEN_SOURCE",
  transient: true,
  message: expect.stringMatching(said) as string,
})

describe("a token in a file", () => {
  test("is its whole text, and lasts for five minutes unless something else is said", async () => {
    const { source, now, path, clock } = await open("header.payload.signature\n")
    expect(await source.getToken()).toMatchObject({
      accessToken: "header.payload.signature",
      tokenType: "Bearer",
      issuedAt: now,
      expiresAt: now + 300_000,
    })
    const other = new FileTokenSource(path, { clock, lifetimeMs: 60_000 })
    expect((await other.getToken()).expiresAt).toBe(now + 60_000)
  })

  const SECONDS = Date.UTC(2026, 0, 1) / 1000 + 1_000
  test.each([
    ["expires_at in seconds", { access_token: "a", expires_at: SECONDS }],
    ["expires_at as a string", { access_token: "a", expires_at: String(SECONDS) }],
    ["expiresAt in milliseconds", { accessToken: "a", expiresAt: SECONDS * 1000 }],
    ["expiry as Go writes it", { access_token: "a", expiry: new Date(SECONDS * 1000).toISOString() }],
    ["expires_on as Azure writes it", { access_token: "a", expires_on: String(SECONDS) }],
    ["expires_in from when it was written", { access_token: "a", expires_in: 1_000 }],
    ["expires_in as a string", { access_token: "a", expires_in: "1000" }],
    [
      "the first that is a moment",
      { access_token: "a", expires_at: null, expiry: "", expires_on: "soon", expires_in: 1_000 },
    ],
  ])("in JSON ends when it says by %s", async (_, content) => {
    const { source } = await open(content)
    expect(await source.getToken()).toMatchObject({ accessToken: "a", expiresAt: SECONDS * 1000 })
  })

  test("in JSON that does not say lasts for the lifetime given", async () => {
    const { source, now } = await open({ access_token: "a", token_type: "DPoP", expires_in: null })
    expect(await source.getToken()).toMatchObject({ tokenType: "DPoP", expiresAt: now + 300_000 })
  })

  test("comes without the refresh token: that belongs to who renews it", async () => {
    const { source } = await open({ access_token: "a", refresh_token: "secret" })
    expect((await source.getToken()).refreshToken).toBeUndefined()
  })

  test.each([
    ["empty", " \n", /is empty/],
    ["torn", '{"access_token": "secret', /torn/],
    ["JSON without a token", { token: "secret" }, /no access_token/],
    ["more than one word", "secret two", /no access token/],
    ["JSON with a token that would split a header", { access_token: "secret\r\nx: y" }, /no access token/],
    ["expired", { access_token: "secret", expires_at: 1_000 }, /expired/],
    ["far too large", "x".repeat(9_000_000), /far too large/],
    ["of a future version of the library", { evertoken: 2, token: { accessToken: "secret" } }, /newer version/],
  ])("that is %s is no token yet, told without its content", async (_, content, said) => {
    const { source } = await open(content)
    const error: unknown = await source.getToken().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(TokenError)
    expect(error).toMatchObject(problem(said))
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain("secret")
  })

  test("that is not there yet is there once it is written", async () => {
    const { source, write } = await open()
    await expect(source.getToken()).rejects.toMatchObject(problem("ENOENT"))
    await write("token")
    expect((await source.getToken()).accessToken).toBe("token")
  })

  test("is not waited for where it is a pipe or a directory", async () => {
    const { source, path } = await open()
    await mkdir(path)
    await expect(source.getToken()).rejects.toMatchObject(problem("not a regular file"))
  })
})

describe("a token source of a file", () => {
  test("reads the file once, and again when it has changed", async () => {
    const { source, write } = await open("first")
    const first = await source.getToken()
    const reads = vi.spyOn(fs, "open")
    onTestFinished(() => reads.mockRestore())
    expect(await source.getToken()).toBe(first)
    expect(reads).not.toHaveBeenCalled()
    await write("second")
    expect((await source.getToken()).accessToken).toBe("second")
  })

  test("reads it again when the token gets stale, so that it lasts as long as it stays there", async () => {
    const { source, clock } = await open("token")
    const first = await source.getToken()
    await clock.advance(299_000)
    const second = await source.getToken()
    expect(second.accessToken).toBe("token")
    expect(second.expiresAt).toBe(first.expiresAt + 299_000)
  })

  test("gives a newer one only: another, or the same that lasts longer by now", async () => {
    const { source, clock, write, now } = await open("token")
    const first = await source.getToken()
    await expect(source.getToken({ newerThan: first })).rejects.toMatchObject({
      code: "ERR_TOKEN_UNCHANGED",
      transient: true,
    })
    await clock.advance(1_000)
    expect((await source.getToken({ newerThan: first })).expiresAt).toBe(first.expiresAt + 1_000)
    await write({ access_token: "until", expires_at: (now + 600_000) / 1000 })
    const until = await source.getToken({ newerThan: first })
    await clock.advance(1_000)
    await expect(source.getToken({ newerThan: until })).rejects.toMatchObject({ code: "ERR_TOKEN_UNCHANGED" })
    await write("another")
    expect((await source.getToken({ newerThan: until })).accessToken).toBe("another")
  })

  test("follows the symbolic links by which Kubernetes swaps a directory of tokens", async () => {
    const { directory, clock } = await open()
    const put = async (version: string) => {
      await mkdir(join(directory, version))
      await writeFile(join(directory, version, "projected"), version)
      await symlink(version, join(directory, "..data_tmp"))
      await rename(join(directory, "..data_tmp"), join(directory, "..data"))
    }
    await put("v1")
    await symlink(join("..data", "projected"), join(directory, "projected"))
    const source = new FileTokenSource(join(directory, "projected"), { clock })
    expect((await source.getToken()).accessToken).toBe("v1")
    let told = 0
    const subscription = source.changes().subscribe(() => told++)
    onTestFinished(() => subscription.unsubscribe())
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1))
    await put("v2")
    await vi.waitFor(() => expect(told).toBeGreaterThan(0))
    expect((await source.getToken()).accessToken).toBe("v2")
  })

  test("tells that the file has gone, and that it is back", async () => {
    const { source, path, write, clock } = await open("token")
    await source.getToken()
    let told = 0
    const subscription = source.changes().subscribe(() => told++)
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(1))
    expect(told).toBe(0)
    await unlink(path)
    await vi.waitFor(() => expect(told).toBe(1))
    await write("token")
    await vi.waitFor(() => expect(told).toBeGreaterThan(1))
    subscription.unsubscribe()
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(0))
  })

  test("heeds the caller's patience", async () => {
    const { source } = await open("token")
    const reason = new Error("no time")
    await expect(source.getToken({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test("is known by the path of its file", async () => {
    const { source, path, directory } = await open()
    expect(new FileTokenSource(join(directory, ".", "token")).fingerprint).toBe(source.fingerprint)
    expect(new FileTokenSource(`${path}2`).fingerprint).not.toBe(source.fingerprint)
  })

  test.each([
    [() => new FileTokenSource(""), /^path .* got an empty string\. Is the environment variable .* set\?$/],
    [() => new FileTokenSource(undefined as unknown as string), /^path .* got undefined\. Is the environment variable/],
    [() => new FileTokenSource("a\0b"), /^path .* NUL/],
    [() => new FileTokenSource(7 as unknown as string), /^path .* got 7$/],
    [() => new FileTokenSource("token", { lifetimeMs: 0 }), /lifetimeMs/],
    [() => new FileTokenSource("token", { pollMs: Infinity }), /pollMs/],
  ])("refuses bad options, naming them", (construct, named) => {
    expect(construct).toThrow(TypeError)
    expect(construct).toThrow(named)
  })
})

describe("the store of another process", () => {
  async function openStore() {
    const store = await open()
    const cache = new FileTokenCache(store.path)
    const fields = { issuedAt: store.now, staleAt: store.now + 1_000, expiresAt: store.now + 2_000 }
    const recordOf = (generation: number) => ({
      version: { lineage: "lineage", generation, id: `id-${generation}` },
      token: new Token({ accessToken: `access-${generation}`, refreshToken: "secret", ...fields }),
      lineages: [],
    })
    await cache.commit("key", recordOf(1), { expected: undefined })
    return { ...store, cache, recordOf }
  }

  test("is read with its own times, without its refresh token", async () => {
    const { source, now } = await openStore()
    const token = await source.getToken()
    expect(token).toMatchObject({ accessToken: "access-1", staleAt: now + 1_000, expiresAt: now + 2_000 })
    expect([token.refreshToken, token.version]).toEqual([undefined, undefined])
  })

  test("is read by its highest generation, though the copy lags behind", async () => {
    const { source, path, recordOf } = await openStore()
    await writeFile(join(`${path}.d`, "gen-2"), encodeRecord(recordOf(2)), { mode: 0o600 })
    expect((await source.getToken()).accessToken).toBe("access-2")
  })

  test("is read by the copy alone where there is nothing beside it, or nothing that can be read", async () => {
    const { source, path } = await openStore()
    await writeFile(join(`${path}.d`, "gen-2"), "torn", { mode: 0o600 })
    expect((await source.getToken()).accessToken).toBe("access-1")
    await rm(`${path}.d`, { recursive: true })
    expect((await source.getToken({ newerThan: undefined })).accessToken).toBe("access-1")
    await writeFile(`${path}.d`, "")
    await utimes(path, 1, 1)
    expect((await source.getToken()).accessToken).toBe("access-1")
  })

  test("holds none once it has expired, or was signed out", async () => {
    const { source, cache, clock } = await openStore()
    await clock.advance(2_000)
    await expect(source.getToken()).rejects.toMatchObject(problem("expired"))
    await cache.delete("key")
    await expect(source.getToken()).rejects.toMatchObject(problem("signed out"))
  })
})
