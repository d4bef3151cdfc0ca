import { TokenError } from "../errors.js"
import { describeForeignError } from "../foreign-error.js"
import { pathOf } from "../path-option.js"
import { shownValue } from "../shown-value.js"
import { patiently } from "../single-flight.js"
import { hashOf, type TokenSource } from "../token-source.js"
import { readAssertionFile } from "./assertion-file.js"
import { assertText } from "./text-option.js"
import type { TextFile } from "../text-file.js"

/**
 * A token that says who somebody is. Got anew for each request: from a file that another program keeps up to date (a
 * projected Kubernetes token, a SPIFFE JWT-SVID, the OIDC token of a CI job), from a function, from another token source,
 * whose access token it is. A text stays what it is.
 */
export type Assertion = string | TextFile | GetAssertion | TokenSource

/** An application's own way to get an assertion. */
export type GetAssertion = (request: { readonly signal: AbortSignal | undefined }) => string | Promise<string>

/** Where an assertion comes from. */
export interface AssertionSupply {
  /** The option that it comes from. */
  readonly name: string
  /** What stays the same from one assertion to the next, without a secret. Undefined: nothing tells whose they are. */
  readonly identity: string | undefined
  /** @returns a promise that rejects with a `TokenError`, or with `signal.reason`. */
  readonly get: (request: { readonly signal: AbortSignal | undefined }) => Promise<string>
}

/** @throws TypeError that names the option, and shows nothing of the assertion. */
export function assertionSupply(name: string, value: unknown): AssertionSupply {
  const { identity, get } = supplyOf(name, value)
  return { name, identity, get: ({ signal }) => patiently(checked(name, get, signal), signal) }
}

/**
 * Whose tokens a source gets: as the application says, or else as the assertions tell.
 * @throws TypeError if neither does.
 */
export function subjectOf(
  subject: string | undefined,
  supplies: readonly Pick<AssertionSupply, "name" | "identity">[],
): string {
  if (subject !== undefined) {
    assertText("subject", subject)
    return JSON.stringify([subject])
  }
  const identities = supplies.map(({ name, identity }) => {
    if (identity !== undefined) return [name, identity]
    throw new TypeError(`subject is required: nothing tells whose the ${name} is, and users would share their tokens`)
  })
  return JSON.stringify(identities)
}

interface Supply {
  readonly identity: string | undefined
  readonly get: GetAssertion
}

function supplyOf(name: string, value: unknown): Supply {
  if (value === undefined) {
    throw new TypeError(`${name} is undefined. Is the environment variable that it comes from set?`)
  }
  if (typeof value === "string") {
    assertText(name, value)
    return { identity: `text:${hashOf(value)}`, get: () => value }
  }
  if (isGetAssertion(value)) return { identity: undefined, get: value }
  if (isTokenSource(value)) return fromSource(name, value)
  if (typeof value === "object" && value !== null && "file" in value) {
    const path = pathOf(value.file, `${name}.file must be the path of a file`)
    return { identity: `file:${path}`, get: () => readAssertionFile(path) }
  }
  throw new TypeError(`${name} must be a text, { file }, a function or a token source; got ${shownValue(value)}`)
}

function fromSource(name: string, source: TokenSource): Supply {
  if (source.singleUse) {
    throw new TypeError(`${name} spends a refresh token that works once: wrap it in a CachedTokenSource`)
  }
  return {
    identity: source.fingerprint === undefined ? undefined : `source:${source.fingerprint}`,
    get: async (request) => (await source.getToken(request)).accessToken,
  }
}

async function checked(name: string, get: GetAssertion, signal: AbortSignal | undefined): Promise<string> {
  let text: unknown
  try {
    text = await get({ signal })
  } catch (error) {
    if (error instanceof TokenError) throw error
    throw failed(`the ${name} could not be had: ${describeForeignError(error)}`)
  }
  if (typeof text === "string" && /^[^\p{Cc}\p{Cs}]+$/u.test(text)) return text
  throw failed(`the ${name} is no text, is empty, or holds control characters`)
}

function failed(message: string): TokenError {
  return new TokenError("ERR_TOKEN_SOURCE", message, { transient: true })
}

function isGetAssertion(value: unknown): value is GetAssertion {
  return typeof value === "function"
}

function isTokenSource(value: unknown): value is TokenSource {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "getToken") === "function"
}
