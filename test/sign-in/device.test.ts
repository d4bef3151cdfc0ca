import { CachedTokenSource, MemoryTokenCache } from "evertoken"
import { RefreshTokenSource, signInWithDevice, type DevicePrompt } from "evertoken/oauth2"
import { afterEach, beforeEach, expect, it } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"
import { ScriptedUser, type ScriptedUserOptions } from "../issuer/scripted-user.js"

let issuer: RealIssuer
beforeEach(async () => {
  issuer = await RealIssuer.start()
})
afterEach(() => issuer.close())

const scope = "openid offline_access api:read"

function options() {
  const { clientId } = issuer.clients.app
  return { issuer: issuer.url, clientId, clientAuthentication: "none", scope } as const
}

/** Types in the code elsewhere, and does what the pages ask for. */
function typesIn(user: ScriptedUserOptions = {}) {
  return ({ userCode, verificationUri, verificationUriComplete }: DevicePrompt) => {
    expect(verificationUriComplete).toBe(`${verificationUri}?user_code=${userCode}`)
    return new ScriptedUser(user).visit(verificationUriComplete ?? "")
  }
}

it("a user who types in the code is signed in, and stays so by the refresh token", async () => {
  const token = await signInWithDevice({ ...options(), onCode: typesIn() })
  expect(token).toMatchObject({ scope, idToken: expect.any(String) as string })
  expect(await issuer.accepts(token.accessToken)).toBe(true)
  const source = new RefreshTokenSource({ ...options(), rotation: "none" })
  const cached = new CachedTokenSource(source, { caches: [new MemoryTokenCache()] })
  await cached.signIn(token)
  const renewed = await cached.getToken({ newerThan: token })
  expect(await issuer.accepts(renewed.accessToken)).toBe(true)
  await cached.close()
}, 30_000)

it("a user who says no is told by name", async () => {
  const signingIn = signInWithDevice({ ...options(), onCode: typesIn({ answer: "cancels" }) })
  await expect(signingIn).rejects.toMatchObject({ error: "access_denied", transient: false })
}, 30_000)
