import { execFileSync } from "node:child_process"
import { readdir } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { REQUEST_HEADER } from "../http/guard.js"
import { listenOnTcp } from "../http/listen-on-tcp.js"
import { rawRequest } from "../testing/raw-request.js"
import { API_KEY, serverUnderTest } from "../testing/server-under-test.js"

const ASKED = { [REQUEST_HEADER]: "1" }
const PAGE = new URL("page/", import.meta.url)

async function listeningServer() {
  const server = await serverUnderTest()
  const { port } = new URL(await listenOnTcp(server.app, { port: 0, address: "127.0.0.1" }))
  const ask = (path: string, headers: Record<string, string> = {}, method = "GET", body?: string) =>
    rawRequest({ host: "127.0.0.1", port, path, method, headers }, body)
  const session = async () => {
    const issued = await ask("/session-codes", { ...ASKED, authorization: `Bearer ${API_KEY}` }, "POST")
    const { code } = JSON.parse(issued.body) as { code: string }
    const body = JSON.stringify({ code })
    const opened = await ask("/session", { ...ASKED, "content-type": "application/json" }, "POST", body)
    return { authorization: `Bearer ${(JSON.parse(opened.body) as { session: string }).session}` }
  }
  return { ...server, port, ask, session }
}

/** Everything that the page, and what it loads, refers to on this server. */
async function pathsOfPage(ask: (path: string) => Promise<{ readonly body: string }>): Promise<ReadonlySet<string>> {
  const paths = new Set(["/"])
  for (const path of paths) {
    const { body } = await ask(path)
    for (const [, found = ""] of body.matchAll(/(?:href|src)="(\/dashboard\/[^"]+)"/g)) paths.add(found)
    for (const [, found = ""] of body.matchAll(/from "\.\/([\w-]+\.js)"/g)) paths.add(`/dashboard/${found}`)
  }
  return paths
}

test("the page and all it loads are there, without a session, and from this server only", async () => {
  await using server = await listeningServer()
  const paths = await pathsOfPage(server.ask)
  expect([...paths]).toEqual(
    expect.arrayContaining(["/dashboard/main.js", "/dashboard/uplot.js", "/dashboard/uplot.css"]),
  )
  for (const path of paths) {
    const { status, headers, body } = await server.ask(path)
    expect([path, status]).toEqual([path, 200])
    expect(headers["content-type"]).toMatch(/^(text\/(html|css|javascript)|image\/svg\+xml); charset=utf-8$/)
    if (!path.includes("uplot")) expect(body).not.toMatch(/(?:src|href|from|url\()[=\s"'(]*(?:https?:)?\/\/[a-z]/)
  }
})

test("no file of the page is left over", async () => {
  await using server = await listeningServer()
  const served = (await readdir(PAGE)).filter((name) => /\.(html|css|js|svg)$/.test(name))
  const paths = await pathsOfPage(server.ask)
  const named = served.map((name) => (name === "index.html" ? "/" : `/dashboard/${name}`))
  expect(named.filter((path) => !paths.has(path))).toEqual([])
})

test("a browser is told to run, show and send nothing but what is this server's", async () => {
  await using server = await listeningServer()
  for (const path of ["/", "/dashboard/main.js", "/dashboard/uplot.js", "/dashboard/dashboard.css"]) {
    const { headers } = await server.ask(path)
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-cache",
    })
    const policy = String(headers["content-security-policy"])
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"]) {
      expect(policy.split("; ")).toContain(rule)
    }
    for (const rule of ["form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      expect(policy.split("; ")).toContain(rule)
    }
    expect(policy).not.toContain("unsafe")
    expect(headers["set-cookie"]).toBeUndefined()
  }
})

test("what a browser has already is not sent again", async () => {
  await using server = await listeningServer()
  const { headers } = await server.ask("/dashboard/main.js")
  const again = await server.ask("/dashboard/main.js", { "if-none-match": String(headers.etag) })
  expect([again.status, again.body, again.headers.etag]).toEqual([304, "", headers.etag])
  expect((await server.ask("/dashboard/main.js", { "if-none-match": '"another"' })).status).toBe(200)
})

test.each(["/dashboard/../guard.ts", "/dashboard/tsconfig.json", "/dashboard/uplot.d.ts", "/dashboard/"])(
  "nothing else is there: %s",
  async (path) => {
    await using server = await listeningServer()
    expect((await server.ask(path)).status).toBe(403)
    const headers = { ...ASKED, ...(await server.session()) }
    expect((await server.ask(path, headers)).status).toBe(404)
  },
)

test("a page knows whether its session is open", async () => {
  await using server = await listeningServer()
  expect((await server.ask("/session", ASKED)).body).toBe('{"isOpen":false}')
  expect((await server.ask("/session", { ...ASKED, authorization: "Bearer none" })).body).toBe('{"isOpen":false}')
  expect((await server.ask("/session", { ...ASKED, ...(await server.session()) })).body).toBe('{"isOpen":true}')
})

test.each([
  ["POST", "/tokens/billing/refresh"],
  ["POST", "/tokens/billing/sign-in"],
  ["DELETE", "/tokens/billing"],
  ["DELETE", "/session"],
])("another page changes nothing by the session of a browser: %s %s", async (method, path) => {
  await using server = await listeningServer()
  await server.registry.find("billing")?.getToken()
  const session = await server.session()
  const asked = server.issuer.requests.length
  const own = `http://127.0.0.1:${server.port}`
  const forged: Record<string, string>[] = [
    { ...session, origin: own },
    { ...session, origin: own, [REQUEST_HEADER]: "0" },
    { ...session, origin: "http://evil.example", ...ASKED },
    { ...session, origin: "null", ...ASKED },
    { ...session, origin: "http://127.0.0.1:1", ...ASKED },
    { ...session, host: "evil.example", ...ASKED },
  ]
  for (const headers of forged) expect((await server.ask(path, headers, method)).status).toBe(403)
  expect((await server.ask(path, { ...ASKED, origin: own }, method)).status).toBe(401)
  expect(server.issuer.requests).toHaveLength(asked)
  expect(server.registry.find("billing")?.status.status).toBe("fresh")
  expect((await server.ask("/tokens", { ...session, ...ASKED })).status).toBe(200)
})

test("nothing that a session gets at has a token in it", async () => {
  await using server = await listeningServer()
  await server.registry.find("billing")?.getToken()
  const headers = { ...ASKED, ...(await server.session()) }
  const paths = [
    "/tokens",
    "/tokens/billing",
    "/tokens/billing/status",
    "/tokens/billing/history",
    "/tokens/billing/wait",
  ]
  expect((await server.ask("/tokens", headers)).body).toContain("billing")
  for (const path of [...paths, "/state", "/session", "/metrics", ...(await pathsOfPage(server.ask))]) {
    const { body, headers: answered } = await server.ask(path, headers)
    expect(body + JSON.stringify(answered)).not.toContain("canary")
  }
  for (const [method, path] of [
    ["POST", "/tokens/billing/refresh"],
    ["POST", "/refresh-tokens"],
  ] as const) {
    const { status, body } = await server.ask(path, headers, method)
    expect([status, body.includes("canary")]).toEqual([path === "/refresh-tokens" ? 403 : 200, false])
  }
})

test("the published package has the page", async () => {
  const output = execFileSync("npm pack --dry-run --json --ignore-scripts", {
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    shell: true,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
  const [packed] = JSON.parse(output) as [{ readonly files: readonly { readonly path: string }[] }]
  const paths = packed.files.map(({ path }) => path)
  const served = (await readdir(PAGE)).filter((name) => /\.(html|css|js|svg)$/.test(name))
  expect(paths).toEqual(expect.arrayContaining(served.map((name) => `src/dashboard/page/${name}`)))
  expect(paths.filter((path) => /\.test\.|tsconfig|src\/testing/.test(path))).toEqual([])
})
