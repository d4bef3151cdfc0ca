import { randomUUID } from "node:crypto"
import type { OAuthRegisteredClientsStore } from "@modelcontextprotocol/sdk/server/auth/clients.js"
import { InvalidGrantError, InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js"
import type { AuthorizationParams, OAuthServerProvider } from "@modelcontextprotocol/sdk/server/auth/provider.js"
import type { AuthInfo } from "@modelcontextprotocol/sdk/server/auth/types.js"
import type { OAuthClientInformationFull, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js"

interface Family {
  readonly clientId: string
  refreshToken: string
  isRevoked: boolean
}

/** Whom the SDK's own authorization server asks: refresh tokens work once, and a second use revokes the family. */
export class StrictAuthorization implements OAuthServerProvider {
  readonly clients = new Map<string, OAuthClientInformationFull>()
  readonly #codes = new Map<string, { readonly clientId: string; readonly challenge: string }>()
  readonly #families = new Map<string, Family>()
  readonly #accepted = new Map<string, string>()
  rotations = 0
  reuses = 0
  authorizations = 0
  /** Refreshing fails with it, while it is set. */
  outage: Error | undefined

  get clientsStore(): OAuthRegisteredClientsStore {
    return {
      getClient: (id) => this.clients.get(id),
      registerClient: (client) => {
        const registered = { ...client, client_id: randomUUID() }
        this.clients.set(registered.client_id, registered)
        return registered
      },
    }
  }

  /** From now on no access token given so far is accepted. */
  revokeAccess(): void {
    this.#accepted.clear()
  }

  /** As after a sign-out elsewhere: nothing given so far is of any use. */
  revokeAll(): void {
    this.revokeAccess()
    for (const family of this.#families.values()) family.isRevoked = true
  }

  async authorize(
    client: OAuthClientInformationFull,
    { state, redirectUri, codeChallenge }: AuthorizationParams,
    response: { redirect(url: string): void },
  ): Promise<void> {
    this.authorizations += 1
    const code = randomUUID()
    this.#codes.set(code, { clientId: client.client_id, challenge: codeChallenge })
    const url = new URL(redirectUri)
    url.searchParams.set("code", code)
    if (state !== undefined) url.searchParams.set("state", state)
    response.redirect(url.href)
  }

  async challengeForAuthorizationCode(_client: OAuthClientInformationFull, code: string): Promise<string> {
    return this.#codes.get(code)?.challenge ?? ""
  }

  async exchangeAuthorizationCode(client: OAuthClientInformationFull, code: string): Promise<OAuthTokens> {
    const granted = this.#codes.get(code)
    this.#codes.delete(code)
    if (granted?.clientId !== client.client_id) throw new InvalidGrantError("no such code")
    return this.#issue({ clientId: client.client_id, refreshToken: "", isRevoked: false })
  }

  async exchangeRefreshToken(client: OAuthClientInformationFull, refreshToken: string): Promise<OAuthTokens> {
    if (this.outage !== undefined) throw this.outage
    const family = this.#families.get(refreshToken)
    if (family?.clientId !== client.client_id || family.isRevoked) throw new InvalidGrantError("unknown or revoked")
    if (family.refreshToken !== refreshToken) {
      this.reuses += 1
      family.isRevoked = true
      throw new InvalidGrantError("used twice")
    }
    this.rotations += 1
    return this.#issue(family)
  }

  async verifyAccessToken(token: string): Promise<AuthInfo> {
    const clientId = this.#accepted.get(token)
    if (clientId === undefined) throw new InvalidTokenError("unknown or revoked")
    return { token, clientId, scopes: [], expiresAt: Math.floor(Date.now() / 1000) + 3600 }
  }

  #issue(family: Family): OAuthTokens {
    family.refreshToken = randomUUID()
    this.#families.set(family.refreshToken, family)
    const accessToken = randomUUID()
    this.#accepted.set(accessToken, family.clientId)
    return { access_token: accessToken, token_type: "bearer", expires_in: 3600, refresh_token: family.refreshToken }
  }
}
