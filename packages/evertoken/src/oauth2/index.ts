export { AuthorizationCodeFlow, type AuthorizationRequest } from "./authorization-code-flow.js"
export type { AuthorizationCodeOptions } from "./authorization-code-options.js"
export { ClientCredentialsSource, type ClientCredentialsOptions } from "./client-credentials-source.js"
export { ExtensionGrantSource, type ExtensionGrantOptions, type GrantParameters } from "./extension-grant-source.js"
export { JwtBearerSource, type JwtBearerOptions } from "./jwt-bearer-source.js"
export type { SignedAssertion } from "./signed-assertion.js"
export { TokenExchangeSource, type TokenExchangeOptions, type TokenTypeName } from "./token-exchange-source.js"
export type { Assertion, GetAssertion } from "./assertion.js"
export type { TextFile } from "../text-file.js"
export {
  deserializePendingAuthorization,
  PendingAuthorization,
  serializePendingAuthorization,
  type PendingAuthorizationFields,
} from "./pending-authorization.js"
export { RefreshTokenSource, type RefreshTokenOptions } from "./refresh-token-source.js"
export { signInWithBrowser, type BrowserSignInOptions } from "./sign-in-with-browser.js"
export { signInWithDevice, type DevicePrompt, type DeviceSignInOptions } from "./sign-in-with-device.js"
export { TokenIntrospector, type TokenIntrospection, type TokenIntrospectorOptions } from "./token-introspector.js"
export type { TokenQuestion, TokenTypeHint } from "./token-question.js"
export { TokenRevoker, type TokenRevokerOptions } from "./token-revoker.js"
export type { IssuerOptions } from "./issuer-options.js"
export type { TokenEndpointOptions } from "./token-endpoint-options.js"
export type { ClientAuthentication, ClientAuthenticationOptions, PrivateKeyJwt } from "./client-authentication.js"
export { DPoPKey, type DPoPKeyOptions } from "./dpop-key.js"
export type { SigningKeyOptions } from "./current-signing-key.js"
export type { Jwk, PrivateKey, SigningAlgorithm } from "./signing-key.js"
export type { ClientAssertion } from "./client-assertion.js"
export type { MutualTls } from "./mutual-tls.js"
