import { TokenError, type Clock, type Token } from "evertoken"
import { signInWithBrowser, signInWithDevice, type TokenEndpointOptions } from "evertoken/oauth2"
import { BehaviorSubject, map, type Observable } from "rxjs"
import type { TokenConfig } from "../config/token-config.js"

/** What a person is to do now. */
export type SignInPrompt =
  /** Open `url` in a browser of this machine. */
  | { readonly kind: "browser"; readonly url: string; readonly expiresAt: number }
  /** Open `verificationUri` on any device, and type `userCode` in there. */
  | {
      readonly kind: "device"
      readonly verificationUri: string
      readonly verificationUriComplete?: string | undefined
      readonly userCode: string
      readonly expiresAt: number
    }

/** Whether it is a person who gives this grant. */
export function isGivenByPerson({ grant }: TokenConfig): boolean {
  return grant === "authorization_code" || grant === "device_code"
}

export type SignInState = "none" | "under-way" | "kept" | "failed"

const SIGN_IN_TIMEOUT_MS = 600_000

interface Attempt {
  readonly prompt: Promise<SignInPrompt>
  /** Resolves once the token is kept. */
  readonly outcome: Promise<void>
  readonly cancel: AbortController
}

export interface SignInOptions {
  readonly config: TokenConfig
  readonly endpoint: TokenEndpointOptions
  readonly clock: Clock
  /** Keeps the token that comes of it. */
  readonly accept: (token: Token) => Promise<void>
}

/** The sign-ins for one named token, one at a time. */
export class SignIn {
  readonly #options: SignInOptions
  readonly #attempt$ = new BehaviorSubject<Attempt | undefined>(undefined)
  #state: SignInState = "none"
  #lastError: TokenError | undefined

  constructor(options: SignInOptions) {
    this.#options = options
  }

  get isUnderWay(): boolean {
    return this.#attempt$.value !== undefined
  }

  /** What has become of the last one. */
  get state(): SignInState {
    return this.#state
  }

  /** Why the last one failed, until another one begins. */
  get lastError(): TokenError | undefined {
    return this.#lastError
  }

  /** Whether one is under way: now, and each time that one begins or ends. */
  get isUnderWay$(): Observable<boolean> {
    return this.#attempt$.pipe(map((attempt) => attempt !== undefined))
  }

  /** Begins one, or joins the one under way. */
  begin(): Promise<SignInPrompt> {
    return (this.#attempt$.value ?? this.#start()).prompt
  }

  /** Resolves once the one under way has succeeded, and its token is kept; at once if there is none. */
  async completed(): Promise<void> {
    await this.#attempt$.value?.outcome
  }

  cancel(): void {
    const message = "the sign-in was cancelled"
    this.#attempt$.value?.cancel.abort(new TokenError("ERR_TOKEN_SOURCE", message, { transient: false }))
  }

  #start(): Attempt {
    const cancel = new AbortController()
    let show: (prompt: SignInPrompt) => void = () => undefined
    const shown = new Promise<SignInPrompt>((resolve) => (show = resolve))
    const token = this.#token(show, cancel.signal)
    const attempt = {
      // one that fails before there is anything to be shown has no prompt
      prompt: Promise.race([shown, token.then(() => shown)]),
      outcome: token.then((value) => this.#options.accept(value)),
      cancel,
    }
    attempt.prompt.catch(() => undefined)
    this.#lastError = undefined
    this.#state = "under-way"
    this.#attempt$.next(attempt)
    void this.#followed(attempt)
    return attempt
  }

  #token(show: (prompt: SignInPrompt) => void, signal: AbortSignal): Promise<Token> {
    const { config, endpoint, clock } = this.#options
    if (config.grant !== "authorization_code") {
      return signInWithDevice({ ...endpoint, signal, onCode: (prompt) => show({ kind: "device", ...prompt }) })
    }
    const port = config.redirectPort === undefined ? "" : `:${config.redirectPort}`
    return signInWithBrowser({
      ...endpoint,
      signal,
      parameters: config.parameters,
      redirectUri: `http://127.0.0.1${port}/callback`,
      signInTimeoutMs: SIGN_IN_TIMEOUT_MS,
      openBrowser: (url) => show({ kind: "browser", url, expiresAt: clock.now() + SIGN_IN_TIMEOUT_MS }),
    })
  }

  async #followed(attempt: Attempt): Promise<void> {
    try {
      await attempt.outcome
      this.#state = "kept"
    } catch (error) {
      this.#state = "failed"
      this.#lastError = error instanceof TokenError ? error : undefined
    }
    this.#attempt$.next(undefined)
  }
}
