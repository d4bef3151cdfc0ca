import { describe, test } from "vitest"
import { tokenSourceContract } from "../testing/token-source-contract.js"
import { TokenServer } from "../testing/internal/token-server.js"
import { ServerTokenSource } from "./server-token-source.js"

const ACCESS_TOKEN = "s3cret-access-token"

describe("ServerTokenSource keeps the contract of a token source", () => {
  tokenSourceContract({
    test,
    create: async () => {
      const now = Date.now()
      const token = { accessToken: ACCESS_TOKEN, issuedAt: now, staleAt: now + 2_700_000, expiresAt: now + 3_600_000 }
      const server = await TokenServer.start(token)
      const source = new ServerTokenSource("app", { socketPath: server.socketPath })
      return {
        source,
        secrets: [ACCESS_TOKEN, "s3cret-torn"],
        fail: async () => void (server.instead = { status: 200, body: { accessToken: "s3cret-torn" } }),
        stall: async () => void (server.instead = "nothing"),
        dispose: async () => {
          await source.close()
          await server[Symbol.asyncDispose]()
        },
      }
    },
  })
})
