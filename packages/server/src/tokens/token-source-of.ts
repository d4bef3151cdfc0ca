import type { Clock, TokenSource } from "evertoken"
import { ClientCredentialsSource, JwtBearerSource, RefreshTokenSource, TokenExchangeSource } from "evertoken/oauth2"
import type { TokenConfig } from "../config/token-config.js"
import { endpointOptions } from "./issuer-requests.js"

/** The secrets of a named token, as they are at this moment. */
export interface TokenSecrets {
  readonly clientSecret?: string | undefined
  readonly refreshToken?: string | undefined
}

/** Reads them. @throws Error naming the reference that cannot be read. */
export async function secretsOf(config: TokenConfig): Promise<TokenSecrets> {
  const refreshToken = config.grant === "refresh_token" ? config.refreshToken : undefined
  return { clientSecret: await config.client.secret?.resolve(), refreshToken: await refreshToken?.resolve() }
}

/** What asks the issuer for a named token. @throws TypeError naming the option of the library that is wrong. */
export function tokenSourceOf(name: string, config: TokenConfig, secrets: TokenSecrets, clock: Clock): TokenSource {
  const options = endpointOptions(config, secrets.clientSecret, clock)
  switch (config.grant) {
    case "client_credentials":
      return new ClientCredentialsSource(options)
    case "jwt_bearer":
      return new JwtBearerSource({ ...options, assertion: { file: config.assertion }, subject: name })
    case "token_exchange": {
      const { subjectToken: file, subjectTokenType = "jwt" } = config
      return new TokenExchangeSource({ ...options, subjectToken: { file }, subjectTokenType, subject: name })
    }
    case "refresh_token":
    case "authorization_code":
    case "device_code":
      return new RefreshTokenSource({
        ...options,
        rotation: config.rotation,
        refreshToken: secrets.refreshToken,
        subject: name,
      })
  }
}
