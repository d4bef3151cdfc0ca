import { CachedTokenSource, TokenWatcher } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { RefreshTokenSource } from "evertoken/oauth2"
import { Sandbox } from "../sandbox/sandbox.js"

await using sandbox = await Sandbox.start()
const { issuer } = sandbox
const { clientId } = issuer.clients.public

// What a sign-in in the browser gave, once. It stays in the configuration, though it is spent with the first use.
const refreshToken = await issuer.issueRefreshToken({ clientId, scope: "offline_access invoices:read" })

function start(): Promise<TokenWatcher> {
  const grant = new RefreshTokenSource({
    issuer: issuer.url,
    clientId,
    clientAuthentication: "none",
    refreshToken,
  })
  return TokenWatcher.start(new CachedTokenSource(grant, { caches: [new FileTokenCache(sandbox.path("token.json"))] }))
}

// Two at once stand for two processes. Each of the renewals spends a refresh token and stores the next one.
const [one, other] = await Promise.all([start(), start()])
for (let round = 1; round <= 3; round++) {
  await Promise.all([one.refresh(), other.refresh()])
  console.log(
    `after round ${round}, both have the same token:`,
    (await one.getToken()).version?.generation === (await other.getToken()).version?.generation,
  )
}
await Promise.all([one.close(), other.close()])

// A restart goes on with the stored refresh token, not with the configured one.
await using restarted = await start()
await restarted.refresh()

const uses = issuer.presentations.map(({ use }) => use)
console.log("refresh tokens used:", uses.length, "of them twice:", uses.filter((use) => use !== "first").length)
console.log("families revoked:", issuer.revokedFamilies)
