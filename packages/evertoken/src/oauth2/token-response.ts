import {
  processAuthorizationCodeResponse,
  processGenericTokenEndpointResponse,
  type AuthorizationServer,
  type Client,
} from "oauth4webapi"
import { salvageRefreshToken, systemErrorCode, TokenError } from "../errors.js"
import { lifetimeOf, LONGEST_LIFETIME_MS, type LifetimePolicy } from "../token-lifetime.js"
import { Token } from "../token.js"
import { jsonObjectOf } from "./json-object.js"

/** The request that an answer of success belongs to. */
export interface GrantedRequest {
  readonly server: AuthorizationServer
  readonly client: Client
  readonly issuedAt: number
  readonly policy: LifetimePolicy
  /** Whether a refresh token and an ID token are for this grant; if not, they are dropped. */
  readonly isForUser: boolean
  /** Whether an ID token can be judged: its issuer is known. */
  readonly knowsIssuer: boolean
  /** An ID token must be there, with this nonce: the answer is to the request that this browser was sent with. */
  readonly expectedNonce?: string | undefined
}

type Fields = Readonly<Record<string, unknown>>

/**
 * The token of a successful answer (RFC 6749, section 5.1). What issuers get wrong without harm is put right;
 * oauth4webapi judges the rest.
 * @returns a promise that rejects with a `TokenError`: `ERR_TOKEN_LIFETIME`, or `ERR_TOKEN_RESPONSE_INVALID`, with the
 * refresh token of the answer salvaged.
 */
export async function tokenFrom(text: string | undefined, request: GrantedRequest): Promise<Token> {
  const fields = jsonObjectOf(text)
  if (fields === undefined) {
    throw invalid(text === undefined ? "is too large, or in an encoding that cannot be read" : "is not a JSON object")
  }
  const refreshToken = request.isForUser ? presentString(fields["refresh_token"]) : undefined
  try {
    return await judged(fields, refreshToken, request)
  } catch (error) {
    const failure = error instanceof TokenError ? error : invalid(`is not valid (${reasonOf(error)})`)
    if (refreshToken !== undefined) salvageRefreshToken(failure, refreshToken)
    throw failure
  }
}

async function judged(fields: Fields, refreshToken: string | undefined, request: GrantedRequest): Promise<Token> {
  const { issuedAt, policy } = request
  const tokenType = tokenTypeOf(fields["token_type"])
  const accessToken = presentString(fields["access_token"])
  if (accessToken === undefined) throw invalid("has no access_token")
  const lifetime = lifetimeOf({ issuedAt, expiresIn: fields["expires_in"], refreshIn: fields["refresh_in"] }, policy)
  // so small a length is lost in the sum
  if (lifetime.expiresAt <= issuedAt) throw overAtOnce()
  const idToken = request.isForUser ? presentString(fields["id_token"]) : undefined
  await assertValid({ accessToken, tokenType, ...(request.knowsIssuer && { idToken }) }, request)
  return tokenOf({
    accessToken,
    tokenType,
    issuedAt,
    ...lifetime,
    refreshToken,
    refreshTokenExpiresAt: refreshToken === undefined ? undefined : refreshTokenExpiryOf(fields, issuedAt),
    idToken,
    scope: scopeOf(fields["scope"]),
  })
}

async function assertValid(
  granted: { readonly accessToken: string; readonly tokenType: string; readonly idToken?: string | undefined },
  { server, client, knowsIssuer, expectedNonce }: GrantedRequest,
): Promise<void> {
  const normalized = { access_token: granted.accessToken, token_type: granted.tokenType, id_token: granted.idToken }
  // stripped of its headers too: a www-authenticate header alone makes oauth4webapi refuse
  const answer = Response.json(normalized)
  if (expectedNonce === undefined || !knowsIssuer) await processGenericTokenEndpointResponse(server, client, answer)
  else await processAuthorizationCodeResponse(server, client, answer, { expectedNonce, requireIdToken: true })
}

function tokenOf(fields: ConstructorParameters<typeof Token>[0]): Token {
  try {
    return new Token(fields)
  } catch (error) {
    // Token names the field, never its value
    throw invalid(`is not valid: ${error instanceof TypeError ? error.message : "no token"}`)
  }
}

// the type is required, yet issuers leave it out: bearer is what they mean
function tokenTypeOf(value: unknown): string {
  return presentString(value)?.trim().toLowerCase() ?? "bearer"
}

// it tells what was granted, no more: a name that is none (RFC 6749, section 3.3) does not cost the token
function scopeOf(value: unknown): string | undefined {
  const texts = [value].flat().filter((text) => typeof text === "string")
  const names = texts.flatMap((text) => text.split(/\s+/)).filter((name) => PRINTABLE.test(name))
  return presentString(names.join(" "))
}

// neither name is in an RFC: the first is of Google and Entra, the second of Keycloak, where 0 means "never"
function refreshTokenExpiryOf(fields: Fields, issuedAt: number): number | undefined {
  const value = fields["refresh_token_expires_in"] ?? fields["refresh_expires_in"]
  const seconds = typeof value === "number" || typeof value === "string" ? Number(value) : 0
  return seconds > 0 ? issuedAt + Math.min(seconds * 1000, LONGEST_LIFETIME_MS) : undefined
}

/** Issuers write `null` and `""` where they have nothing. */
function presentString(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined
}

const PRINTABLE = /^[\x20-\x7e]+$/

function reasonOf(error: unknown): string {
  return systemErrorCode(error) ?? "unknown reason"
}

function overAtOnce(): TokenError {
  return new TokenError("ERR_TOKEN_LIFETIME", "the issuer's token is over at once", { transient: true })
}

// the issuer said yes: whatever it spent is spent, and it may well give a better answer next time
function invalid(what: string): TokenError {
  return new TokenError("ERR_TOKEN_RESPONSE_INVALID", `the token endpoint's answer ${what}`, {
    transient: true,
    ambiguous: true,
  })
}
