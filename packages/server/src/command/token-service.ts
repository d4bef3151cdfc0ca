import type { TokenAnswer } from "../http/token-answer.js"
import type { SignInPrompt } from "../tokens/sign-in.js"
import type { TokenStatus } from "../tokens/token-status.js"
import type { TokensSetByHand } from "../tokens/tokens-set-by-hand.js"

/** What commands do with named tokens; a running server does it, or this process itself. Rejects with errors that `failureOf` knows. */
export interface TokenService extends AsyncDisposable {
  /** Whether a server does it: then what it says is of this moment, and not only what is kept. */
  readonly isServer: boolean
  list(): Promise<readonly TokenStatus[]>
  get(name: string, request: { readonly minimumValidityMs?: number | undefined }): Promise<TokenAnswer>
  refresh(name: string): Promise<void>
  set(name: string, fields: TokensSetByHand): Promise<void>
  revoke(name: string, options: { readonly local: boolean }): Promise<void>
  signIn(name: string): Promise<SignInPrompt>
  /** Resolves once the tokens of the sign-in are kept. */
  signedIn(name: string): Promise<void>
  /** Ends the sign-in under way, if there is one. */
  cancelSignIn(name: string): Promise<void>
}
