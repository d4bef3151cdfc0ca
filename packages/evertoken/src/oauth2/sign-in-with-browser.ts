import { systemClock } from "../clock.js"
import { TokenError, TokenResponseError } from "../errors.js"
import { assertMilliseconds, LONGEST_TIMER_MS } from "../milliseconds.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import type { Token } from "../token.js"
import { AuthorizationCodeFlow, type AuthorizationRequest } from "./authorization-code-flow.js"
import { AUTHORIZATION_CODE_OPTIONS, type AuthorizationCodeOptions } from "./authorization-code-options.js"
import { unlessAborted } from "./issuer-client.js"
import { assertLoopback, LoopbackRedirect } from "./loopback-redirect.js"
import { openBrowser } from "./open-browser.js"
import type { PendingAuthorization } from "./pending-authorization.js"
import type { RedirectPage } from "./redirect-page.js"

export interface BrowserSignInOptions
  extends AuthorizationCodeOptions, Pick<AuthorizationRequest, "parameters" | "signal"> {
  /**
   * Where the browser comes back to: on this machine, as it is registered, but for the port, which is a free one unless it
   * is given (RFC 8252, section 7.3). Default `http://127.0.0.1/callback`.
   */
  readonly redirectUri?: string | undefined
  /** For how long the user may take, in milliseconds. Default 300,000. */
  readonly signInTimeoutMs?: number | undefined
  /** Opens a URL in a browser; throws or rejects if it cannot. Default: in the user's own. */
  readonly openBrowser?: ((url: string) => unknown) | undefined
  /** Called if it could not be opened: the user may open the URL by hand. Without it, the sign-in fails. */
  readonly onBrowserUnavailable?: ((url: string) => void) | undefined
}

const NAMES: OptionNames<BrowserSignInOptions> = {
  ...AUTHORIZATION_CODE_OPTIONS,
  parameters: true,
  signal: true,
  redirectUri: true,
  signInTimeoutMs: true,
  openBrowser: true,
  onBrowserUnavailable: true,
}

/**
 * The user of this machine signs in with a browser, which comes back to a port of this machine (RFC 8252): an
 * {@link AuthorizationCodeFlow} for command-line tools and desktop programs. Hand the token to the `signIn` of a
 * `CachedTokenSource`. Each call is a sign-in of its own. The library prints nothing.
 * @returns a promise that rejects with a `TokenError`: `ERR_TOKEN_REQUEST_TIMEOUT` if nobody came back in time, else as
 * `AuthorizationCodeFlow.complete` does; with `signal.reason`; with a `TypeError` that names an option.
 */
export async function signInWithBrowser(options: BrowserSignInOptions): Promise<Token> {
  assertOptions("signInWithBrowser", options, NAMES)
  const { redirectUri = "http://127.0.0.1/callback", signInTimeoutMs = 300_000, signal, ...others } = options
  const { parameters, openBrowser: open = openBrowser, onBrowserUnavailable, ...flowOptions } = others
  assertLoopback(redirectUri)
  assertMilliseconds("signInTimeoutMs", signInTimeoutMs, { least: 1, most: LONGEST_TIMER_MS })
  const flow = new AuthorizationCodeFlow(flowOptions)
  signal?.throwIfAborted()
  const patience = new AbortController()
  const onAbort = () => patience.abort(signal?.reason)
  signal?.addEventListener("abort", onAbort, { once: true })
  const { clock = systemClock } = options
  const timer = clock.setTimer(() => patience.abort(timedOut(signInTimeoutMs)), signInTimeoutMs)
  const visit = new Visit(flow, patience.signal)
  let redirect: LoopbackRedirect | undefined
  try {
    redirect = await LoopbackRedirect.listen(redirectUri, (callback) => visit.answer(callback))
    const request = { redirectUri: redirect.redirectUri, parameters, signal: patience.signal }
    const { url } = (visit.pending = await flow.begin(request))
    Promise.resolve(url)
      .then(open)
      .catch(() => (onBrowserUnavailable ? onBrowserUnavailable(url) : visit.fail(noBrowser())))
      .catch((error: unknown) => visit.fail(error))
    return await unlessAborted(visit.outcome, patience.signal)
  } finally {
    timer.cancel()
    signal?.removeEventListener("abort", onAbort)
    await redirect?.close()
  }
}

/** The one browser that is waited for: who else comes is sent away. */
class Visit {
  readonly outcome: Promise<Token>
  pending: PendingAuthorization | undefined
  readonly #flow: AuthorizationCodeFlow
  readonly #signal: AbortSignal
  #isOver = false
  #succeed: (token: Token) => void = () => undefined
  fail: (error: unknown) => void = () => undefined

  constructor(flow: AuthorizationCodeFlow, signal: AbortSignal) {
    this.#flow = flow
    this.#signal = signal
    this.outcome = new Promise((resolve, reject) => {
      this.#succeed = resolve
      this.fail = reject
    })
    this.outcome.catch(() => undefined) // the caller may have given up
  }

  async answer(callback: URL): Promise<RedirectPage> {
    const { pending } = this
    if (this.#isOver || pending === undefined) return STRANGER
    if (callback.searchParams.get("state") !== pending.state) return STRANGER
    this.#isOver = true
    try {
      this.#succeed(await this.#flow.complete(callback, pending, { signal: this.#signal }))
      return SIGNED_IN
    } catch (error) {
      this.fail(error)
      return failed(error)
    }
  }
}

const SIGNED_IN: RedirectPage = { status: 200, title: "You are signed in", text: "You may close this window." }
const STRANGER: RedirectPage = {
  status: 400,
  title: "This is not the sign-in that is waited for",
  text: "It may be an older one, or be over. You may close this window.",
}

function failed(error: unknown): RedirectPage {
  const { error: name, errorDescription } = error instanceof TokenResponseError ? error : {}
  const said = [name, errorDescription].filter((text) => text !== undefined).join(": ")
  const text = `${said === "" ? "" : `The issuer says: ${said}. `}You may close this window; the program knows.`
  return { status: 400, title: "You are not signed in", text }
}

function timedOut(timeoutMs: number): TokenError {
  return new TokenError("ERR_TOKEN_REQUEST_TIMEOUT", `nobody signed in within ${timeoutMs} ms`, { transient: true })
}

function noBrowser(): TokenError {
  const message = "the browser could not be opened; onBrowserUnavailable may show the URL to the user instead"
  return new TokenError("ERR_TOKEN_REQUEST", message, { transient: false })
}
