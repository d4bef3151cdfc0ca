import { expect, test } from "vitest"
import { providePostgres } from "../servers/postgres-server.js"
import { formatSessionChaos } from "./chaos-report.js"
import { runSessionChaos } from "./chaos-run.js"

const programs = providePostgres()

test.skipIf(programs === undefined)(
  "servers are killed at random moments: no refresh token is presented twice, nobody is signed out, and who signed out stays out",
  async () => {
    const result = await runSessionChaos({ programs: programs ?? "", kills: 6, users: 6, seed: 20261123 })
    expect(result.violations, formatSessionChaos(result)).toEqual([])
    expect(result.counts.kills).toBe(6)
    expect(result.counts.rotations).toBeGreaterThan(6)
    expect(result.counts.signOuts).toBeGreaterThan(0)
    expect(result.counts.stayed).toBeGreaterThan(0)
  },
)
