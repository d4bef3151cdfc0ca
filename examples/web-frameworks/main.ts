import { once } from "node:events"
import { setTimeout as wait } from "node:timers/promises"
import { PGlite } from "@electric-sql/pglite"
import { createTable } from "@evertoken/session/postgres"
import { Sandbox } from "../sandbox/sandbox.js"
import { expressApp } from "./express.js"
import { fastifyApp } from "./fastify.js"
import { honoApp } from "./hono.js"
import { routeHandlers } from "./next.js"
import { openShop } from "./shop.js"

// An access token of ten seconds is stale after five: nobody wants to watch an hour.
await using sandbox = await Sandbox.start({ lifetimeSeconds: 10 })
await using database = new PGlite()
await createTable(database)

const express = expressApp(openShop(sandbox, database, "alice")).listen(0, "127.0.0.1")
await once(express, "listening")
const address = express.address()
const port = typeof address === "object" ? address?.port : undefined
const fastify = fastifyApp(openShop(sandbox, database, "bob"))
await fastify.listen({ host: "127.0.0.1", port: 0 })
const hono = honoApp(openShop(sandbox, database, "carol"))
const routes = routeHandlers(openShop(sandbox, database, "dave"))

const visits = await Promise.all([
  visit("Express 5", (request) => fetch(`http://127.0.0.1:${port}${pathOf(request)}`, request)),
  visit("Fastify", (request) => fetch(`${fastify.listeningOrigin}${pathOf(request)}`, request)),
  visit("Hono", (request) => hono.fetch(request)),
  visit("Next.js", (request) => {
    if (pathOf(request) === "/login") return routes["app/login/route.ts"].POST(request)
    if (pathOf(request) === "/logout") return routes["app/logout/route.ts"].POST(request)
    return routes["app/invoices/route.ts"].GET(request)
  }),
])
for (const lines of visits) console.log(lines.join("\n"))
express.close()
express.closeAllConnections()
await fastify.close()

/** A browser's: what it sees, and when it gets a cookie. */
async function visit(name: string, answer: (request: Request) => Response | Promise<Response>): Promise<string[]> {
  let cookie = ""
  const ask = async (method: "GET" | "POST", path: string) => {
    const response = await answer(new Request(`https://shop.example${path}`, { method, headers: { cookie } }))
    const [set] = response.headers.getSetCookie()
    if (set !== undefined) cookie = set.includes("Max-Age=0") ? "" : (set.split(";", 1)[0] ?? "")
    const told = set === undefined ? "" : cookie === "" ? ", and no cookie any more" : ", and a cookie"
    return `${response.status} ${await response.text()}${told}`
  }
  const lines = [name]
  const note = (what: string, seen: string) => lines.push(`  ${what}: ${seen}`)
  note("before signing in", await ask("GET", "/invoices"))
  note("signing in", await ask("POST", "/login"))
  note("at once", await ask("GET", "/invoices"))
  await wait(6_000)
  note("six seconds later", await ask("GET", "/invoices"))
  note("signing out", await ask("POST", "/logout"))
  note("afterwards", await ask("GET", "/invoices"))
  return lines
}

function pathOf({ url }: Request): string {
  return new URL(url).pathname
}
