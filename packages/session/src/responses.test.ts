import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { setTimeout as wait } from "node:timers/promises"
import { Readable } from "node:stream"
import express from "express"
import Fastify from "fastify"
import { Hono } from "hono"
import { stream } from "hono/streaming"
import { describe, expect, test } from "vitest"
import { expressContext, expressTokens } from "./express/express-tokens.js"
import { fastifyContext, fastifyTokens } from "./fastify/fastify-tokens.js"
import { honoContext, honoTokens } from "./hono/hono-tokens.js"
import { MINUTE_MS, rotationScene } from "./testing/rotation-scene.js"
import type { TokenContext } from "./token-context.js"
import { withTokens } from "./web/with-tokens.js"

type Scene = Awaited<ReturnType<typeof rotationScene>>
interface App {
  readonly ask: (path: string, method: string, cookie: string) => Promise<Response>
  readonly close: () => Promise<unknown>
}

/** Two pages: one has begun its answer before it asks for a token, one fails after it has signed out. */
const APPS: Record<string, (scene: Scene) => Promise<App>> = {
  "Express 5": async ({ tokens }) => {
    const app = express()
    app.get("/late", async (request, response) => {
      response.write("begun ")
      response.end((await tokens.accessToken(expressContext(request, response))).accessToken)
    })
    app.use(expressTokens(tokens))
    app.get("/", async (request, response) => {
      response.send((await tokens.accessToken(expressContext(request, response))).accessToken)
    })
    app.get("/fails", async (request, response) => {
      await tokens.deleteMany(expressContext(request, response), ["access", "refresh"])
      throw new Error("as planned")
    })
    const server = app.listen(0, "127.0.0.1")
    await once(server, "listening")
    return { ask: overHttp((server.address() as AddressInfo).port), close: async () => server.close() }
  },
  Fastify: async ({ tokens }) => {
    const app = Fastify()
    app.get("/late", (request, reply) => {
      const parts = async function* () {
        yield "begun "
        await wait(50)
        yield (await tokens.accessToken(fastifyContext(request, reply))).accessToken
      }
      return reply.send(Readable.from(parts()))
    })
    await app.register(async (pages) => {
      pages.addHook("onRequest", fastifyTokens(tokens))
      pages.get("/", async (request, reply) => (await tokens.accessToken(fastifyContext(request, reply))).accessToken)
      pages.get("/fails", async (request, reply) => {
        await tokens.deleteMany(fastifyContext(request, reply), ["access", "refresh"])
        throw new Error("as planned")
      })
    })
    await app.listen({ host: "127.0.0.1", port: 0 })
    return { ask: overHttp((app.server.address() as AddressInfo).port), close: () => app.close() }
  },
  Hono: async ({ tokens }) => {
    const app = new Hono()
    app.get("/late", (c) =>
      stream(c, async (body) => {
        await body.write("begun ")
        await wait(50)
        await body.write((await tokens.accessToken(honoContext(c))).accessToken)
      }),
    )
    app.onError((_, c) => c.text("failed", 500))
    app.use(honoTokens(tokens))
    app.get("/", async (c) => c.text((await tokens.accessToken(honoContext(c))).accessToken))
    app.get("/fails", async (c) => {
      await tokens.deleteMany(honoContext(c), ["access", "refresh"])
      throw new Error("as planned")
    })
    return {
      ask: async (path, method, cookie) => app.request(path, { method, headers: { cookie } }),
      close: async () => {},
    }
  },
  "Request and Response": async ({ tokens }) => {
    const pages: Record<string, (context: TokenContext) => Promise<Response>> = {
      "/": async (context) => new Response((await tokens.accessToken(context)).accessToken),
      "/fails": async (context) => {
        await tokens.deleteMany(context, ["access", "refresh"])
        throw new Error("as planned")
      },
    }
    const page = withTokens(tokens, (request, context) => {
      const found = pages[new URL(request.url).pathname]
      return found?.(context) ?? new Response(null, { status: 404 })
    })
    const late = async (request: Request) => {
      let context: TokenContext | undefined
      const body = new ReadableStream({
        start: async (controller) => {
          controller.enqueue(new TextEncoder().encode("begun "))
          await wait(50)
          if (context) controller.enqueue(new TextEncoder().encode((await tokens.accessToken(context)).accessToken))
          controller.close()
        },
      })
      // the cookie is not there for the middleware
      const bare = new Request(request.url)
      return withTokens(tokens, (_, own) => {
        context = { ...own, cookieHeader: request.headers.get("cookie") ?? undefined }
        return new Response(body)
      })(bare)
    }
    return {
      ask: async (path, method, cookie) => {
        const request = new Request(`https://app.example${path}`, { method, headers: { cookie } })
        if (path === "/late") return late(request)
        // as a framework does
        const answer = await page(request).catch(() => new Response(null, { status: 500 }))
        return method === "HEAD" ? new Response(null, answer) : answer
      },
      close: async () => {},
    }
  },
}

function overHttp(port: number): App["ask"] {
  return (path, method, cookie) => fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { cookie } })
}

describe.each(Object.entries(APPS))("%s", (name, start) => {
  test("whose answer has begun gives a renewed token all the same, once", async () => {
    const scene = await rotationScene()
    const { ask, close } = await start(scene)
    await scene.clock.advance(61 * MINUTE_MS)
    const answer = await ask("/late", "GET", scene.browser.cookieHeader ?? "")
    expect([answer.status, await answer.text()]).toEqual([200, "begun access-2"])
    expect(scene.issuer.requests).toEqual(["refresh-1"])
    await close()
  })

  test("asked for the head alone renews and sets the cookie, once", async () => {
    const scene = await rotationScene()
    const { ask, close } = await start(scene)
    await scene.clock.advance(50 * MINUTE_MS)
    const answer = await ask("/", "HEAD", scene.browser.cookieHeader ?? "")
    expect([answer.status, await answer.text(), answer.headers.getSetCookie().length]).toEqual([200, "", 1])
    expect(scene.issuer.requests).toEqual(["refresh-1"])
    await close()
  })

  // who handles an error of withTokens knows nothing of its headers
  const cookiesLeft = name === "Request and Response" ? 1 : 0
  test(`whose handler fails after it has signed out: the row is gone, ${cookiesLeft} cookies are left`, async () => {
    const scene = await rotationScene()
    const { ask, close } = await start(scene)
    const answer = await ask("/fails", "GET", scene.browser.cookieHeader ?? "")
    for (const cookie of answer.headers.getSetCookie()) scene.browser.take(cookie)
    expect([answer.status, scene.database.rows.size]).toEqual([500, 0])
    expect(scene.browser.cookies.size).toBe(cookiesLeft)
    await scene.clock.advance(50 * MINUTE_MS)
    expect((await ask("/", "GET", scene.browser.cookieHeader ?? "")).status).toBe(500)
    await close()
  })
})
