import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, test } from "vitest"
import { tokenSourceContract, type TokenSourceUnderTest } from "../testing/token-source-contract.js"
import type { TokenSource } from "../token-source.js"
import { ClientCredentialsSource } from "./client-credentials-source.js"
import { ExtensionGrantSource } from "./extension-grant-source.js"
import { JwtBearerSource } from "./jwt-bearer-source.js"
import { RefreshTokenSource } from "./refresh-token-source.js"
import { TokenExchangeSource } from "./token-exchange-source.js"

const SECRETS = {
  clientSecret: "s3cret-of-the-client",
  accessToken: "s3cret-access-token",
  refreshToken: "s3cret-refresh-token",
  rotated: "s3cret-rotated-token",
  answer: "s3cret-answer",
  assertion: "s3cret-assertion",
  actor: "s3cret-of-the-actor",
}

const ANSWERS = {
  well: [
    200,
    { access_token: SECRETS.accessToken, token_type: "Bearer", expires_in: 3600, refresh_token: SECRETS.rotated },
  ],
  failing: [503, { problem: SECRETS.answer }],
} as const

/** A grant at an issuer on this machine. */
async function atAnIssuer(
  make: (options: { tokenEndpoint: string; clientId: string; clientSecret: string }) => TokenSource,
): Promise<TokenSourceUnderTest> {
  let state: keyof typeof ANSWERS | "stalled" = "well"
  const server = createServer((_, response) => {
    if (state === "stalled") return
    const [status, body] = ANSWERS[state]
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const tokenEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  return {
    source: make({ tokenEndpoint, clientId: "billing", clientSecret: SECRETS.clientSecret }),
    secrets: Object.values(SECRETS),
    fail: async () => void (state = "failing"),
    stall: async () => void (state = "stalled"),
    dispose: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe("ClientCredentialsSource keeps the contract of a token source", () => {
  tokenSourceContract({ test, create: () => atAnIssuer((options) => new ClientCredentialsSource(options)) })
})

describe("RefreshTokenSource keeps the contract of a token source", () => {
  const { refreshToken } = SECRETS
  tokenSourceContract({
    test,
    create: () => atAnIssuer((options) => new RefreshTokenSource({ ...options, refreshToken })),
  })
})

describe("TokenExchangeSource keeps the contract of a token source", () => {
  const tokens = {
    subjectToken: SECRETS.assertion,
    subjectTokenType: "jwt",
    actorToken: () => SECRETS.actor,
    actorTokenType: "access_token",
    subject: "alice",
  } as const
  tokenSourceContract({
    test,
    create: () => atAnIssuer((options) => new TokenExchangeSource({ ...options, ...tokens })),
  })
})

describe("JwtBearerSource keeps the contract of a token source", () => {
  const { assertion } = SECRETS
  tokenSourceContract({ test, create: () => atAnIssuer((options) => new JwtBearerSource({ ...options, assertion })) })
})

describe("ExtensionGrantSource keeps the contract of a token source", () => {
  const grant = { grantType: "password", parameters: { password: SECRETS.assertion }, subject: "alice" }
  tokenSourceContract({
    test,
    create: () => atAnIssuer((options) => new ExtensionGrantSource({ ...options, ...grant })),
  })
})
