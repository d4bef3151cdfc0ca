import { createServer, request as send, type Server } from "node:http"
import { Token } from "evertoken"
import { VirtualClock } from "evertoken/testing"
import { expect, onTestFinished, test } from "vitest"
import { CookieJar } from "../testing/cookie-jar.js"
import { CookieStrategy } from "./cookie-strategy.js"

// what a browser sends besides, on the generous side
const OTHER_HEADERS = { "user-agent": "x".repeat(200), referer: "x".repeat(2_000), accept: "x".repeat(1_000) }

/** With the limits that Node has by default. */
async function startServer(): Promise<{ readonly port: number }> {
  const server: Server = createServer((_, response) => response.end())
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the server has no port")
  return address
}

function statusOf(port: number, cookie: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { ...OTHER_HEADERS, cookie, connection: "close" }
    const request = send({ host: "127.0.0.1", port, headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode))
    })
    request.on("error", reject).end()
  })
}

test("the largest cookie that is written leaves a Node server room for other headers: nobody is locked out", async () => {
  const clock = new VirtualClock()
  const jar = new CookieJar(() => clock.now())
  const strategy = new CookieStrategy("access", { strategy: "cookie", format: "opaque", clock })
  const place = (): Parameters<CookieStrategy["set"]>[0] => ({
    context: jar.request(),
    type: "access",
    userId: undefined,
  })
  const times = { issuedAt: clock.now(), staleAt: clock.now() + 60_000, expiresAt: clock.now() + 60_000 }
  const set = (bytes: number) => strategy.set(place(), new Token({ accessToken: "x".repeat(bytes), ...times }))
  let [fits, tooLarge] = [1, 16_384]
  while (tooLarge - fits > 1) {
    const middle = Math.floor((fits + tooLarge) / 2)
    const isWritten = await set(middle).then(
      () => true,
      () => false,
    )
    if (isWritten) fits = middle
    else tooLarge = middle
  }
  await set(fits)
  expect(jar.names).toEqual(["__Host-access.0", "__Host-access.1", "__Host-access.2"])
  const { port } = await startServer()
  expect(await statusOf(port, jar.header ?? "")).toBe(200)
  // one part more, and the server would refuse every request of this browser
  expect(await statusOf(port, `${jar.header ?? ""}; __Host-access.3=${"x".repeat(4_000)}`)).toBe(431)
})
