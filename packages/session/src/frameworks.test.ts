import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { EncryptionKey, Keyring } from "evertoken/encryption"
import { VirtualClock } from "evertoken/testing"
import express from "express"
import Fastify from "fastify"
import { Hono } from "hono"
import { describe, expect, test } from "vitest"
import { createTokenManager } from "./create-token-manager.js"
import { expressContext, expressTokens } from "./express/express-tokens.js"
import { fastifyContext, fastifyTokens } from "./fastify/fastify-tokens.js"
import { honoContext, honoTokens } from "./hono/hono-tokens.js"
import { SessionError } from "./session-error.js"
import { Browser } from "./testing/browser.js"
import { MemoryTable } from "./testing/memory-table.js"
import { RotatingIssuer } from "./testing/rotating-issuer.js"
import type { TokenContext } from "./token-context.js"
import { withTokens } from "./web/with-tokens.js"

function parts() {
  const clock = new VirtualClock()
  const issuer = new RotatingIssuer(clock)
  const { table } = new MemoryTable()
  const tokens = createTokenManager({
    keyring: new Keyring([EncryptionKey.from(Uint8Array.from({ length: 32 }, (_, i) => i * 7))]),
    signingKeys: [Uint8Array.from({ length: 32 }, (_, i) => i * 5)],
    clock,
    types: {
      access: { strategy: "cookie", renewedBy: "refresh" },
      refresh: { strategy: "database", table, source: issuer.source },
    },
  })
  /** What the pages do, whichever framework shows them. */
  const pages = {
    login: async (context: TokenContext) => {
      const token = issuer.signIn()
      await tokens.set(context, "refresh", token, { userId: "alice" })
      await tokens.set(context, "access", token, { userId: "alice" })
      return "welcome"
    },
    me: async (context: TokenContext) => {
      try {
        return (await tokens.accessToken(context)).accessToken
      } catch (error) {
        if (error instanceof SessionError) return error.code
        throw error
      }
    },
    logout: async (context: TokenContext) => {
      const { removed } = await tokens.deleteMany(context, ["access", "refresh"])
      return [...removed].sort().join(" ")
    },
  }
  return { clock, issuer, tokens, pages }
}

type Parts = ReturnType<typeof parts>
type Page = keyof Parts["pages"]
const PAGES: readonly Page[] = ["login", "me", "logout"]

interface Answer {
  readonly text: string
  readonly cookies: readonly string[]
}

/** What asks the application for a page, with the cookies of a browser. */
type Ask = (path: string, cookie: string | undefined) => Promise<Answer>

function overHttp(port: number): Ask {
  return async (path, cookie) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: cookie === undefined ? {} : { cookie } })
    return { text: await response.text(), cookies: response.headers.getSetCookie() }
  }
}

const FRAMEWORKS: Record<
  string,
  (parts: Parts) => Promise<{ readonly ask: Ask; readonly close: () => Promise<unknown> }>
> = {
  "Express 5": async ({ tokens, pages }) => {
    const app = express()
    app.use(expressTokens(tokens))
    for (const page of PAGES) {
      app.get(`/${page}`, async (request, response) => {
        response.appendHeader("set-cookie", "own=1")
        response.send(await pages[page](expressContext(request, response)))
      })
    }
    const server = app.listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    return { ask: overHttp(port), close: async () => server.close() }
  },
  Fastify: async ({ tokens, pages }) => {
    const app = Fastify()
    app.addHook("onRequest", fastifyTokens(tokens))
    for (const page of PAGES) {
      app.get(`/${page}`, async (request, reply) => {
        void reply.header("set-cookie", "own=1")
        return pages[page](fastifyContext(request, reply))
      })
    }
    await app.listen({ host: "127.0.0.1", port: 0 })
    return { ask: overHttp((app.server.address() as AddressInfo).port), close: () => app.close() }
  },
  Hono: async ({ tokens, pages }) => {
    const app = new Hono()
    app.use(honoTokens(tokens))
    for (const page of PAGES) {
      app.get(`/${page}`, async (c) => {
        c.header("set-cookie", "own=1", { append: true })
        return c.text(await pages[page](honoContext(c)))
      })
    }
    const ask: Ask = async (path, cookie) => {
      const response = await app.request(path, { headers: cookie === undefined ? {} : { cookie } })
      return { text: await response.text(), cookies: response.headers.getSetCookie() }
    }
    return { ask, close: async () => {} }
  },
  "Request and Response, as a route handler of Next.js has them": async ({ tokens, pages }) => {
    const handler = withTokens(tokens, async (request, context, { params }: { params: Promise<{ page: Page }> }) => {
      expect(request).toBeInstanceOf(Request)
      const response = new Response(await pages[(await params).page](context))
      response.headers.append("set-cookie", "own=1")
      return response
    })
    const ask: Ask = async (path, cookie) => {
      const request = new Request(`https://app.example${path}`, { headers: cookie === undefined ? {} : { cookie } })
      const response = await handler(request, { params: Promise.resolve({ page: path.slice(1) as Page }) })
      return { text: await response.text(), cookies: response.headers.getSetCookie() }
    }
    return { ask, close: async () => {} }
  },
}

describe.each(Object.entries(FRAMEWORKS))("%s", (_, start) => {
  test("signs in, renews on the way, signs out; the application's own cookies stay", async () => {
    const all = parts()
    const { ask, close } = await start(all)
    try {
      const browser = new Browser()
      const visit = async (path: string) => {
        const { text, cookies } = await ask(path, browser.cookieHeader)
        for (const cookie of cookies) browser.take(cookie)
        return { text, cookies: cookies.map((cookie) => cookie.split("=", 1)[0]) }
      }
      expect(await visit("/me")).toEqual({ text: "ERR_NOT_SIGNED_IN", cookies: ["own"] })
      const welcome = await visit("/login")
      expect([welcome.text, [...welcome.cookies].sort()]).toEqual(["welcome", ["__Host-access", "own"]])
      expect(await visit("/me")).toEqual({ text: "access-1", cookies: ["own"] })
      await all.clock.advance(50 * 60_000)
      const renewed = await visit("/me")
      expect([renewed.text, [...renewed.cookies].sort()]).toEqual(["access-2", ["__Host-access", "own"]])
      expect(await visit("/me")).toEqual({ text: "access-2", cookies: ["own"] })
      expect(all.issuer.requests).toEqual(["refresh-1"])
      expect((await visit("/logout")).text).toBe("access refresh")
      expect([...browser.cookies.keys()]).toEqual(["own"])
      expect((await visit("/me")).text).toBe("ERR_NOT_SIGNED_IN")
    } finally {
      await close()
    }
  })
})
