import { CachedTokenSource, TokenError, TokenWatcher } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { RefreshTokenSource, signInWithBrowser, signInWithDevice } from "evertoken/oauth2"
import { ScriptedUser } from "../../test/issuer/scripted-user.js"
import { Sandbox } from "../sandbox/sandbox.js"

await using sandbox = await Sandbox.start()
const user = new ScriptedUser()
const client = {
  issuer: sandbox.issuer.url,
  clientId: sandbox.issuer.clients.app.clientId,
  clientAuthentication: "none",
  scope: "openid offline_access invoices:read",
} as const

// No refresh token is configured: what a sign-in gives is kept in the file, for all processes that share it.
const source = new CachedTokenSource(new RefreshTokenSource(client), {
  caches: [new FileTokenCache(sandbox.path("token.json"))],
})
await using watcher = await TokenWatcher.start(source, { lazy: true })

async function invoices(): Promise<string> {
  try {
    const { authorization } = await watcher.getToken()
    return await (await fetch(`${sandbox.api.url}/invoices`, { headers: { authorization } })).text()
  } catch (error) {
    if (!(error instanceof TokenError) || error.code !== "ERR_REAUTHENTICATION_REQUIRED") throw error
    return "sign in first"
  }
}

console.log("before:", await invoices())

// With a code that the user types in on another device: the scripted user goes there at once.
const byDevice = await signInWithDevice({
  ...client,
  onCode: async ({ verificationUri, verificationUriComplete = verificationUri }) => {
    console.log("go to", verificationUri, "and type in the code you are shown")
    await user.visit(verificationUriComplete)
  },
})
await source.signIn(byDevice)
console.log("signed in by device:", await invoices())
await watcher.refresh()
console.log("renewed:", await invoices())

// Or with the browser, which comes back to a port of this machine. Without openBrowser, the user's own is opened.
await watcher.signOut()
console.log("signed out:", await invoices())
const byBrowser = await signInWithBrowser({
  ...client,
  parameters: { prompt: "consent" },
  openBrowser: async (url) => fetch((await user.visit(url)) ?? "about:blank"),
})
await source.signIn(byBrowser)
console.log("signed in by browser:", await invoices())
