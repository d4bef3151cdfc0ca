import { CachedTokenSource, TokenWatcher } from "evertoken"
import { ClientCredentialsSource } from "evertoken/oauth2"
import { Sandbox } from "../sandbox/sandbox.js"

await using sandbox = await Sandbox.start({ lifetimeSeconds: 4 })
const { issuer } = sandbox
const { clientId, clientSecret } = issuer.clients.basic

// An application that starts before its issuer does, as in a compose file.
issuer.respondWith({ status: 503 }, 2)

const credentials = new ClientCredentialsSource({ issuer: issuer.url, clientId, clientSecret, scope: "api:read" })
const watcher = await TokenWatcher.start(new CachedTokenSource(credentials), { startTimeoutMs: 20_000 })
console.log("started, after requests that failed:", issuer.requests.total - issuer.requests.issued)

// A connection that wants each new token: a message broker, a gRPC channel, a browser's session.
const connection = {
  tokens: 0,
  authenticate(validForMs: number) {
    this.tokens += 1
    console.log(`the connection has token ${this.tokens}, good for ${Math.round(validForMs / 1000)} s`)
  },
}

await new Promise<void>((resolve) => {
  watcher.token$.subscribe({
    next(token) {
      connection.authenticate(token.expiresAt - token.issuedAt)
      if (connection.tokens === 3) void watcher.close()
    },
    complete: resolve,
  })
})
console.log("the stream has ended: the watcher is closed")
