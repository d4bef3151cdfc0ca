import type { TokenSource } from "../../token-source.js"
import type { Token } from "../../token.js"
import { asBearer, assertAdaptable } from "../adapted-token.js"

/** Of an `AuthClient` of google-auth-library, what is used here. */
export interface GoogleAuthClient {
  quotaProjectId?: string | undefined
  readonly transporter: { request(options: object): Promise<unknown> }
  getAccessToken(): Promise<{ token?: string | null }>
  getRequestHeaders(url?: string | URL): Promise<Headers>
  request(options: object): Promise<unknown>
}

/**
 * An `AuthClient` of google-auth-library whose token is that of `source`: `client` itself, changed. Give it a new
 * `PassThroughClient`, which has no credentials of its own, and the result to a Google client library or to `GoogleAuth`.
 * The token goes wherever the application sends its requests by it.
 *
 * When an API answers 401, one renewal serves all who were rejected, and each request is sent once more, unless its body is a
 * stream. Rejects with the source's error, or as google-auth-library does. Safe to use concurrently.
 * @throws TypeError unless `source` is a token source.
 */
export function googleAuthClient<Client extends GoogleAuthClient>(client: Client, source: TokenSource): Client {
  assertAdaptable(source)
  const bearer = async (newerThan?: Token) => asBearer(await source.getToken({ newerThan }))
  const send = (options: object, token: Token) =>
    client.transporter.request({ ...options, headers: headersWith(token, client, options) })

  const methods: Omit<GoogleAuthClient, "transporter" | "quotaProjectId"> = {
    getAccessToken: async () => ({ token: (await bearer()).accessToken }),
    getRequestHeaders: async () => headersWith(await bearer(), client),
    async request(options) {
      const token = await bearer()
      try {
        return await send(options, token)
      } catch (error) {
        const newer = isRejection(error) && isReplayable(options) ? await newerOrNone(bearer(token)) : undefined
        if (newer === undefined) throw error
        return send(options, newer)
      }
    },
  }
  return Object.assign(client, methods)
}

function headersWith(token: Token, { quotaProjectId }: GoogleAuthClient, options?: object): Headers {
  const headers = new Headers(
    options && "headers" in options && isHeaders(options.headers) ? options.headers : undefined,
  )
  headers.set("authorization", token.authorization)
  if (quotaProjectId !== undefined && !headers.has("x-goog-user-project")) {
    headers.set("x-goog-user-project", quotaProjectId)
  }
  return headers
}

function isHeaders(headers: unknown): headers is Headers | Record<string, string> {
  return typeof headers === "object" && headers !== null
}

function isRejection(error: unknown): boolean {
  return error instanceof Error && "status" in error && Number(error.status) === 401
}

function isReplayable(options: object): boolean {
  const bodies: unknown[] = ["data" in options && options.data, "body" in options && options.body]
  return !bodies.some((body) => typeof body === "object" && body !== null && Symbol.asyncIterator in body)
}

// the caller gets to see the 401 itself
async function newerOrNone(newer: Promise<Token>): Promise<Token | undefined> {
  return newer.catch(() => undefined)
}
