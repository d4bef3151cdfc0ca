import { randomBytes } from "node:crypto"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdir, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:https"
import { createServer as createHttpServer, type RequestListener } from "node:http"
import type { Server } from "node:net"
import { join } from "node:path"
import { afterEach, describe, expect, test, vi } from "vitest"
import type { Finding } from "../doctor/finding.js"
import { certificateFor } from "../testing/certificate.js"
import { commandUnderTest } from "../testing/command-under-test.js"
import { tokenOf } from "../testing/place-under-test.js"

afterEach(() => void vi.unstubAllEnvs())

type Bench = Awaited<ReturnType<typeof commandUnderTest>>

/** What is found with these parts of a configuration, by subject. */
async function diagnose(at: Bench, tokens: object = at.tokens, others: object = {}) {
  await at.place.write(tokens, others)
  const { code, out, err } = await at.run(["doctor", "--json"])
  expect(out + err).not.toContain("canary")
  const findings = JSON.parse(out) as Finding[]
  return { code, of: (subject: string) => findings.find((finding) => finding.subject === subject), findings }
}

async function listening(server: Server): Promise<{ port: number } & AsyncDisposable> {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const end = async () => {
    server.close()
    await once(server, "close")
  }
  return { port: typeof address === "object" ? (address?.port ?? 0) : 0, [Symbol.asyncDispose]: end }
}

test("what is good is told line by line, and what is to think of says how", async () => {
  await using at = await commandUnderTest(true)
  await at.run(["get", "billing"])
  const { code, out, err } = await at.run(["doctor"])
  expect([code, err]).toEqual([0, ""])
  expect(out).not.toContain("canary")
  for (const line of [
    /^ok {4}configuration: .*evertoken\.yaml is valid$/m,
    /^warn {2}encryption: tokens are kept readable\n {6}openssl rand/m,
    /^ok {4}state directory: .* is this user's alone$/m,
    /^ok {4}socket: /m,
    /^ok {4}store file: .* can be written to$/m,
    /^ok {4}token billing: what is kept can be read$/m,
    /^ok {4}token mail: none is kept yet$/m,
    /^ok {4}issuer http:.*: it can be reached, and its metadata name it$/m,
    /^ok {4}clock of http:/m,
    /^ok {4}server: it is running, and of this version/m,
    /^\d+ good, 1 to think of, 0 to mend$/m,
  ]) {
    expect(out).toMatch(line)
  }
  // both tokens are of one issuer
  expect(out.match(/issuer http/g)).toHaveLength(1)
  expect(at.issuer.asked).toBe(1)
})

test("a configuration that is wrong is told as check tells it, and with no server that is no failure", async () => {
  await using at = await commandUnderTest(false)
  expect((await diagnose(at)).of("server")).toMatchObject({
    outcome: "warn",
    hint: expect.stringContaining("serve") as string,
  })
  const { code, findings } = await diagnose(at, { billing: { grant: "none" } })
  expect(code).toBe(1)
  expect(findings).toMatchObject([
    { outcome: "fail", message: expect.stringContaining("tokens.billing.grant") as string },
  ])
})

describe("secrets", () => {
  test("that cannot be had are named, with their fields", async () => {
    await using at = await commandUnderTest(false)
    vi.stubEnv("EVERTOKEN_TEST_SECRET", "canary-secret")
    const open = join(at.place.directory, "open")
    await writeFile(open, "canary-open")
    await chmod(open, 0o644)
    const key = { method: "private_key_jwt", key: "none.pem" }
    const tokens = {
      good: tokenOf(at.issuer.url, { client: { id: "app", secret: "env:EVERTOKEN_TEST_SECRET" } }),
      unset: tokenOf(at.issuer.url, { client: { id: "app", secret: "env:EVERTOKEN_NOT_SET" } }),
      open: tokenOf(at.issuer.url, { grant: "refresh_token", refreshToken: `file:${open}` }),
      literal: tokenOf(at.issuer.url, { client: { id: "app", secret: "canary-literal" } }),
      keyed: tokenOf(at.issuer.url, { client: { id: "app", authentication: key }, certificateAuthority: open }),
    }
    const { code, of } = await diagnose(at, tokens, { allowLiteralSecrets: true })
    expect(code).toBe(1)
    expect(of("tokens.good.client.secret")).toMatchObject({ outcome: "ok" })
    expect(of("tokens.unset.client.secret")).toMatchObject({ outcome: "fail" })
    expect(of("tokens.open.refreshToken")).toMatchObject({
      outcome: "fail",
      message: expect.stringContaining("chmod 600") as string,
    })
    expect(of("tokens.literal.client.secret")).toMatchObject({ outcome: "warn" })
    expect(of("tokens.keyed.client.authentication.key")).toMatchObject({
      outcome: "fail",
      message: expect.stringContaining("ENOENT") as string,
    })
    expect(of("tokens.keyed.certificateAuthority")).toMatchObject({ outcome: "ok" })
  })

  test("of the encryption are tried; what was kept by another key is told", async () => {
    await using at = await commandUnderTest(false)
    const key = (name: string) => ({ encryption: { keys: [`env:${name}`] } })
    vi.stubEnv("KEY_A", randomBytes(32).toString("base64"))
    vi.stubEnv("KEY_B", randomBytes(32).toString("base64"))
    vi.stubEnv("KEY_C", "canary-no-key")
    await at.place.write(at.tokens, key("KEY_A"))
    await at.run(["get", "billing"])
    const same = await diagnose(at, at.tokens, key("KEY_A"))
    expect(same.of("encryption")).toMatchObject({ outcome: "ok" })
    expect(same.of("token billing")).toMatchObject({ outcome: "ok" })
    expect((await diagnose(at, at.tokens, key("KEY_B"))).of("token billing")).toMatchObject({ outcome: "fail" })
    expect((await diagnose(at)).of("token billing")).toMatchObject({ outcome: "fail" })
    const { of } = await diagnose(at, at.tokens, key("KEY_C"))
    expect(of("encryption")).toMatchObject({ outcome: "fail" })
    expect(of("token billing")).toBeUndefined()
  })
})

describe.runIf(process.platform !== "win32")("permissions", () => {
  test("that let others in are told, the first few of them", async () => {
    await using at = await commandUnderTest(false)
    const state = join(at.place.directory, "state")
    await mkdir(join(at.place.directory, "run"), { mode: 0o755 })
    await mkdir(state, { mode: 0o700 })
    for (const name of ["a", "b", "c", "d"]) {
      await writeFile(join(state, name), "")
      await chmod(join(state, name), 0o640)
    }
    const { of } = await diagnose(at)
    expect(of("state directory")).toMatchObject({
      outcome: "fail",
      message: expect.stringMatching(/a is open to others \(mode 640\).*; and 1 more$/) as string,
      hint: expect.stringContaining("chmod -R go-rwx") as string,
    })
    expect(of("socket")).toMatchObject({ outcome: "fail", message: expect.stringContaining("mode 755") as string })
  })

  test("of the socket itself count, too", async () => {
    await using at = await commandUnderTest(true)
    await chmod(at.place.socket, 0o666)
    expect((await diagnose(at)).of("socket")).toMatchObject({
      outcome: "fail",
      message: expect.stringContaining("mode 666") as string,
    })
  })
})

describe("stores", () => {
  test("that cannot be reached, or written to, are told; their URLs are not", async () => {
    await using at = await commandUnderTest(false)
    const stores = {
      fleet: { redis: "env:EVERTOKEN_TEST_REDIS" },
      unset: { redis: "env:EVERTOKEN_NOT_SET" },
      office: { postgres: "env:EVERTOKEN_TEST_POSTGRES" },
      shelf: { file: at.place.file },
    }
    vi.stubEnv("EVERTOKEN_TEST_REDIS", "redis://:canary-password@127.0.0.1:1")
    vi.stubEnv("EVERTOKEN_TEST_POSTGRES", "postgres://app:canary-password@127.0.0.1:1/tokens")
    const { code, of } = await diagnose(at, at.tokens, { stores })
    expect(code).toBe(1)
    for (const name of ["fleet", "unset", "office", "shelf"])
      expect(of(`store ${name}`)).toMatchObject({ outcome: "fail" })
    expect(of("store unset")?.message).toContain("env:EVERTOKEN_NOT_SET")
    expect(of("store file")).toMatchObject({
      outcome: "ok",
      message: expect.stringContaining("is made when") as string,
    })
  })

  test.skipIf(spawnSync("redis-server", ["--version"]).status !== 0)(
    "a real Redis is written to, and nothing is left there",
    async () => {
      await using at = await commandUnderTest(false)
      const socket = join(at.place.directory, "redis.sock")
      const redis = spawn("redis-server", ["--port", "0", "--unixsocket", socket, "--save", ""], { stdio: "ignore" })
      try {
        vi.stubEnv("EVERTOKEN_TEST_REDIS", socket)
        const cli = (...args: string[]) => spawnSync("redis-cli", ["-s", socket, ...args]).stdout.toString()
        await vi.waitFor(() => expect(cli("ping")).toBe("PONG\n"), 10_000)
        const { of } = await diagnose(at, at.tokens, { stores: { fleet: { redis: "env:EVERTOKEN_TEST_REDIS" } } })
        expect(of("store fleet")).toMatchObject({
          outcome: "ok",
          message: expect.stringContaining("read and written") as string,
        })
        expect(of("clock of store fleet")).toMatchObject({ outcome: "ok" })
        expect(cli("dbsize")).toBe("0\n")
      } finally {
        const ended = once(redis, "exit")
        redis.kill()
        await ended
      }
    },
  )
})

describe("issuers", () => {
  /** An issuer with this answer to whoever asks for metadata; `SELF` in it is its URL. */
  async function issuer(answer: { status?: number; text?: string; date?: Date }, tls?: { cert: string; key: string }) {
    const { status = 200, text = '{"issuer":"SELF"}', date = new Date() } = answer
    const listener: RequestListener = ({ headers }, response) => {
      const self = `${tls ? "https" : "http"}://${headers.host}`
      response.writeHead(status, { date: date.toUTCString() }).end(text.replace("SELF", self))
    }
    return listening(tls ? createServer(tls, listener) : createHttpServer(listener))
  }

  test("that are down, or not what they are said to be, are told", async () => {
    await using at = await commandUnderTest(false)
    await using missing = await issuer({ status: 404, text: "" })
    await using other = await issuer({ text: '{"issuer":"https://other.example.com"}' })
    await using page = await issuer({ text: "<html>" })
    await using broken = await issuer({ status: 502 })
    const url = ({ port }: { port: number }) => `http://127.0.0.1:${port}`
    const endpoint = (tokenEndpoint: string) => ({ ...tokenOf(""), issuer: undefined, tokenEndpoint })
    const { code, of } = await diagnose(at, {
      down: tokenOf("http://127.0.0.1:1"),
      missing: tokenOf(url(missing)),
      other: tokenOf(url(other)),
      page: tokenOf(url(page)),
      endpoint: endpoint(`${url(missing)}/token`),
      broken: endpoint(`${url(broken)}/token`),
    })
    expect(code).toBe(1)
    expect(of("issuer http://127.0.0.1:1")).toMatchObject({ outcome: "fail", message: "nothing listens there" })
    for (const each of [missing, page]) expect(of(`issuer ${url(each)}`)?.message).toContain("it has no metadata at ")
    expect(of(`issuer ${url(other)}`)).toMatchObject({ outcome: "fail", message: "its metadata name another one" })
    expect(of(`token endpoint ${url(missing)}/token`)).toMatchObject({ outcome: "ok" })
    expect(of(`token endpoint ${url(broken)}/token`)).toMatchObject({ outcome: "fail", message: "it answers with 502" })
  })

  test.each([
    { behindMs: 2_000, outcome: "ok" },
    { behindMs: 60_000, outcome: "warn" },
    { behindMs: -3_600_000, outcome: "fail" },
  ])("whose clock is $behindMs ms behind: $outcome", async ({ behindMs, outcome }) => {
    await using at = await commandUnderTest(false)
    await using slow = await issuer({ date: new Date(Date.now() - behindMs) })
    const url = `http://127.0.0.1:${slow.port}`
    expect((await diagnose(at, { slow: tokenOf(url) })).of(`clock of ${url}`)).toMatchObject({ outcome })
  })

  test("whose certificate is not trusted, or ends soon, are told", async () => {
    await using at = await commandUnderTest(false)
    for (const name of ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, undefined)
    const tls = await certificateFor([{ type: "ip", value: "127.0.0.1" }])
    await writeFile(join(at.place.directory, "ca.pem"), tls.cert)
    await using server = await issuer({}, tls)
    const url = `https://127.0.0.1:${server.port}`
    const untrusted = await diagnose(at, { a: tokenOf(url) })
    expect(untrusted.of(`issuer ${url}`)).toMatchObject({ outcome: "fail", message: "its certificate is not trusted" })
    const { of } = await diagnose(at, { a: tokenOf(url, { certificateAuthority: "ca.pem" }) })
    expect(of(`issuer ${url}`)).toMatchObject({ outcome: "ok" })
    expect(of(`certificate of ${url}`)).toMatchObject({ outcome: "warn", message: "it expires in 0 days" })
  })
})

describe("the server", () => {
  test("of another version, or one that does not answer as it should, is told", async () => {
    await using at = await commandUnderTest(false)
    await mkdir(join(at.place.directory, "run"), { mode: 0o700 })
    let text = '{"status":"ok","version":"0.0.1"}'
    const server = createHttpServer((_request, response) => response.end(text))
    server.listen(at.place.socket)
    await once(server, "listening")
    try {
      await chmod(at.place.socket, 0o600)
      expect((await diagnose(at)).of("server")).toMatchObject({
        outcome: "warn",
        message: expect.stringContaining("0.0.1") as string,
      })
      text = "<html>"
      expect((await diagnose(at)).of("server")).toMatchObject({
        outcome: "fail",
        message: expect.stringContaining("as it should") as string,
      })
    } finally {
      server.close()
      await rm(at.place.socket, { force: true })
    }
  })

  test("that other machines reach is to be thought of, and its certificate is looked at", async () => {
    await using at = await commandUnderTest(false)
    vi.stubEnv("EVERTOKEN_TEST_KEY", "canary-api-key-0123456789")
    const files = await certificateFor([{ type: "ip", value: "127.0.0.1" }])
    await writeFile(join(at.place.directory, "cert.pem"), files.cert)
    const tls = { certificate: "cert.pem", key: "none.pem" }
    const tcp = { port: 8443, apiKey: "env:EVERTOKEN_TEST_KEY" }
    const listen = (others: object) => ({ listen: { socket: at.place.socket, tcp: { ...tcp, ...others } } })
    const wide = await diagnose(at, at.tokens, listen({ address: "0.0.0.0", tls }))
    expect(wide.of("port 8443")).toMatchObject({ outcome: "warn" })
    expect(wide.of("certificate of port 8443")).toMatchObject({ outcome: "warn" })
    expect(wide.of("listen.tcp.tls.key")).toMatchObject({ outcome: "fail" })
    const narrow = await diagnose(at, at.tokens, listen({}))
    expect(narrow.of("port 8443")).toMatchObject({ outcome: "ok" })
    expect(narrow.of("listen.tcp.apiKey")).toMatchObject({ outcome: "ok" })
    expect((await diagnose(at, at.tokens, listen({ tls: { ...tls, certificate: "no.pem" } }))).code).toBe(1)
  })
})
