import { expect, test } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"
import { formatChaos } from "./chaos-report.js"
import { runServerChaos } from "./chaos-run.js"
import { ServerPlace, ServerProcess } from "./server-process.js"

test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
  "a token was refreshed and nobody has asked for it, then %s: what is on disk is the refresh token that the issuer takes",
  async (signal) => {
    await using issuer = await RealIssuer.start()
    const { clientId } = issuer.clients.public
    const app = { grant: "refresh_token", issuer: issuer.url, client: { id: clientId, authentication: "none" } }
    await using place = await ServerPlace.make({ tokens: { app } })
    {
      using server = await ServerProcess.started(place)
      const refreshToken = await issuer.issueRefreshToken()
      expect((await place.ask("PUT", "/tokens/app", { refreshToken })).status).toBe(200)
      expect((await place.ask("POST", "/tokens/app/refresh")).status).toBe(200)
      server.kill(signal)
      const { code } = await server.exit
      expect(code).toBe(signal === "SIGKILL" ? null : 0)
    }
    const onDisk = await place.refreshTokenOnDisk("app")
    const spent = issuer.presentations.map(({ hash }) => hash)
    expect(spent.length).toBeGreaterThan(0)
    expect(spent).not.toContain(onDisk)
    using server = await ServerProcess.started(place)
    expect((await place.ask("POST", "/tokens/app/refresh")).status).toBe(200)
    expect(issuer.presentations.at(-1)).toEqual({ hash: onDisk, use: "first" })
    expect(issuer.revokedFamilies).toBe(0)
    server.kill("SIGTERM")
    expect((await server.exit).code).toBe(0)
  },
)

test("killed and ended ten times at random moments, a server loses no family but in the window that no client can close", async () => {
  const result = await runServerChaos({ restarts: 10, servers: 2, seed: 20261122 })
  expect(result.violations, formatChaos(result)).toEqual([])
  expect(result.counts.rotations).toBeGreaterThan(5)
  expect(result.counts.killed + result.counts.ended + result.counts.endedWhileStarting).toBe(10)
})
