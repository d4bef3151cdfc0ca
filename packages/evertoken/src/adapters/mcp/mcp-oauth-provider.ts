import { randomUUID } from "node:crypto"
import { CachedTokenSource } from "../../cached-token-source.js"
import { assertClock, systemClock, type Clock } from "../../clock.js"
import { TokenError } from "../../errors.js"
import { assertOptions, type OptionNames } from "../../options-object.js"
import { lifetimeOf } from "../../token-lifetime.js"
import type { TokenRequest } from "../../token-source.js"
import { Token } from "../../token.js"
import { asBearer } from "../adapted-token.js"
import type { McpClient, McpClientStore, McpTokens } from "./mcp-client.js"
import { RejectedTokens } from "./rejected-tokens.js"

type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>

/**
 * What the provider tells the SDK, and where it keeps what the SDK gives it. Checked when it is constructed, never changed.
 * @typeParam Metadata What the application says of itself when it registers (RFC 7591, section 2).
 */
export interface McpOAuthProviderOptions<Metadata extends object> {
  readonly clientMetadata: Metadata
  /** Where the authorization server sends the user back to. */
  readonly redirectUrl: string | URL
  /** Keeps the registration. For a client that was registered by hand: reads that one, and refuses to write. */
  readonly clients: McpClientStore
  /**
   * Makes the source that keeps the token of this registration: a `CachedTokenSource` over a `RefreshTokenSource` of the
   * issuer and client, and a durable cache that all processes share. Called once per registration and process.
   */
  readonly tokenSource: (client: McpClient) => CachedTokenSource
  /** Shows the user this page: nobody is signed in, or the server refuses what the sign-in gave. */
  readonly redirectToAuthorization: (url: URL) => void | Promise<void>
  /** What sends the requests. Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
  readonly clock?: Clock | undefined
}

const NAMES: OptionNames<McpOAuthProviderOptions<object>> = {
  clientMetadata: true,
  redirectUrl: true,
  clients: true,
  tokenSource: true,
  redirectToAuthorization: true,
  fetch: true,
  clock: true,
}

/**
 * An `OAuthClientProvider` of the MCP TypeScript SDK whose tokens a `CachedTokenSource` keeps. Pass it and its `fetch`:
 * `new StreamableHTTPClientTransport(url, { authProvider: provider, fetch: provider.fetch })`.
 *
 * The SDK finds the server, registers, and signs the user in; it never sees the refresh token, so that no two processes
 * present the same one. A token that the server rejects with a 401 is renewed, once for all who were rejected, and the
 * request sent once more; the user is asked to sign in only when no renewal can help. An issuer that is down rejects the
 * request with a `TokenError`, and opens no browser. Safe to use concurrently; one sign-in at a time.
 */
export class McpOAuthProvider<Metadata extends object> {
  readonly clientMetadata: Metadata
  readonly redirectUrl: string | URL
  readonly #options: McpOAuthProviderOptions<Metadata>
  readonly #clock: Clock
  readonly #rejected = new RejectedTokens()
  #session: { readonly id: string; readonly source: CachedTokenSource } | undefined
  /** Of a sign-in under way: another process may register meanwhile. */
  #signingIn: McpClient | undefined
  #state: string | undefined
  #verifier: string | undefined
  #exchangedAt: number | undefined

  /** @throws TypeError that names the option. */
  constructor(options: McpOAuthProviderOptions<Metadata>) {
    assertOptions("McpOAuthProvider", options, NAMES)
    for (const name of ["tokenSource", "redirectToAuthorization"] as const) {
      if (typeof options[name] !== "function") throw new TypeError(`${name} must be a function`)
    }
    if (!URL.canParse(String(options.redirectUrl))) throw new TypeError("redirectUrl must be a URL")
    const { clients, clock = systemClock } = options
    assertStore(clients)
    assertClock(clock)
    this.clientMetadata = options.clientMetadata
    this.redirectUrl = options.redirectUrl
    this.#options = { ...options }
    this.#clock = clock
  }

  /** For the transport: renews a token that this provider gave and the server rejects, and sends the request once more. */
  readonly fetch: Fetch = async (input, init) => {
    const send = this.#options.fetch ?? globalThis.fetch
    const response = await send(input, init)
    const rejected = this.#rejected.of(response, { input, init })
    if (rejected === undefined) return response
    const newer = await this.#token({ newerThan: rejected, signal: init?.signal ?? undefined })
    if (newer === undefined || newer.accessToken === rejected.accessToken) return response
    // an unread body keeps its connection
    response.body?.cancel().catch(() => undefined)
    const headers = new Headers(init?.headers)
    headers.set("authorization", newer.authorization)
    return send(input, { ...init, headers })
  }

  /** The registration: of the sign-in under way, else what is kept. */
  async clientInformation(): Promise<McpClient | undefined> {
    return this.#signingIn ?? (await this.#options.clients.read())
  }

  /** Keeps the registration (RFC 7591): for the sign-in under way at once, and in `clients`. */
  async saveClientInformation(client: McpClient): Promise<void> {
    this.#signingIn = client
    await this.#options.clients.write(client)
  }

  /**
   * The access token, without what it is renewed with; undefined if nobody is signed in.
   * @returns a promise that rejects with a `TokenError` if there is none now, and one can be had later.
   */
  async tokens(): Promise<McpTokens | undefined> {
    const token = await this.#token({})
    return token && { access_token: token.accessToken, token_type: token.tokenType, scope: token.scope }
  }

  /** Signs in with what the SDK was given for the authorization code. Durable when it resolves. */
  async saveTokens(tokens: McpTokens): Promise<void> {
    const client = await this.clientInformation()
    const session = this.#sessionOf(client)
    if (client === undefined || session === undefined) throw new TypeError("tokens belong to a client: save that first")
    await session.signIn(this.#tokenOf(tokens))
    // the registration that the token belongs to, should another process have registered since
    if (this.#signingIn !== undefined) await this.#options.clients.write(client)
    this.#signingIn = undefined
    this.#state = this.#verifier = undefined
  }

  /** Ties the answer to this sign-in (RFC 6749, section 10.12). */
  state(): string {
    this.#state = randomUUID()
    return this.#state
  }

  /**
   * The code for the transport's `finishAuth`, from the URL that the user was sent back to.
   * @throws TokenError `ERR_REAUTHENTICATION_REQUIRED` if it has none, or is not of the sign-in under way.
   */
  codeOf(redirected: URL): string {
    const code = redirected.searchParams.get("code")
    const isOurs = this.#state !== undefined && redirected.searchParams.get("state") === this.#state
    if (isOurs && code) return code
    const what = isOurs ? "brought no code: it was refused" : "is not the one that was begun here: the state differs"
    throw new TokenError("ERR_REAUTHENTICATION_REQUIRED", `the sign-in ${what}`, { transient: false })
  }

  /** Shows the user the page where to sign in. */
  async redirectToAuthorization(url: URL): Promise<void> {
    this.#signingIn ??= await this.#options.clients.read()
    await this.#options.redirectToAuthorization(url)
  }

  /** Keeps the code verifier (RFC 7636) of the sign-in under way, in this process. */
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }

  /** @throws TypeError if no sign-in was begun in this process. */
  codeVerifier(): string {
    if (this.#verifier === undefined) throw new TypeError("no sign-in was begun in this process")
    this.#exchangedAt = this.#clock.now()
    return this.#verifier
  }

  /**
   * Forgets a registration that the issuer does not know any more. The tokens stay: a code that was refused says nothing
   * about them, and a refresh token that is refused is the source's own affair.
   */
  async invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): Promise<void> {
    if (scope === "all" || scope === "verifier") this.#verifier = undefined
    if (scope !== "all" && scope !== "client") return
    const refused = await this.clientInformation()
    this.#signingIn = undefined
    const kept = await this.#options.clients.read()
    if (kept?.client_id === refused?.client_id) await this.#options.clients.write(undefined)
  }

  /** Closes the token source. */
  async close(): Promise<void> {
    await this.#session?.source.close()
  }

  /** As {@link close}, at the end of the block that declares it by `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #token(request: TokenRequest): Promise<Token | undefined> {
    const session = this.#sessionOf(await this.clientInformation())
    try {
      const token = await session?.getToken(request)
      if (token !== undefined) this.#rejected.remember(asBearer(token))
      return token
    } catch (error) {
      if (error instanceof TokenError && OVER.has(error.code)) return undefined
      throw error
    }
  }

  #sessionOf(client: McpClient | undefined): CachedTokenSource | undefined {
    if (client === undefined) return undefined
    const id = JSON.stringify([client.issuer, client.client_id])
    if (this.#session?.id === id) return this.#session.source
    const source = this.#options.tokenSource(client)
    if (!(source instanceof CachedTokenSource)) throw new TypeError("tokenSource must return a CachedTokenSource")
    void this.#session?.source.close()
    this.#session = { id, source }
    return source
  }

  #tokenOf(tokens: McpTokens): Token {
    const issuedAt = this.#exchangedAt ?? this.#clock.now()
    return new Token({
      accessToken: tokens.access_token,
      tokenType: tokens.token_type,
      refreshToken: tokens.refresh_token,
      idToken: tokens.id_token,
      scope: tokens.scope,
      issuedAt,
      ...lifetimeOf({ issuedAt, expiresIn: tokens.expires_in }),
    })
  }
}

function assertStore(store: unknown): void {
  const isStore = ["read", "write"].every(
    (method) => typeof store === "object" && store !== null && typeof Reflect.get(store, method) === "function",
  )
  if (!isStore) throw new TypeError("clients must be a store, with read() and write()")
}

// only a sign-in helps, or the server wants none of what there is
const OVER: ReadonlySet<string> = new Set(["ERR_REAUTHENTICATION_REQUIRED", "ERR_TOKEN_UNCHANGED"])
