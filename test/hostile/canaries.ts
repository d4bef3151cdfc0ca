import { inspect } from "node:util"

// forms write these characters otherwise than URLs do, in every stretch of twelve of them
const SECRETS = {
  clientSecret: "c~l!i'e(n)t~s!e'c(r)e~t",
  refreshToken: "r~e!f'r(e)s~h!t'o(k)e~n",
  accessToken: "a~c!c'e(s)s~t!o'k(e)n~1",
  rotatedRefreshToken: "r~o!t'a(t)e~d!t'o(k)e~n",
  /** In a body that is no token response: a page, a stack trace. */
  page: "canary-of-the-page-45",
} as const

/** What must show up nowhere: sent to the issuer, or answered by it. */
export const CANARIES: Readonly<Record<keyof typeof SECRETS, string>> = SECRETS

// with its colon a multiple of three bytes: in base64 what follows begins with a character of its own
export const CLIENT_ID = "hostileclient1"

/** The ways in which a secret may be written, by their names. */
export function formsOf(secret: string): Readonly<Record<string, string>> {
  const inForm = new URLSearchParams({ "": secret }).toString().slice(1)
  const credentials = Buffer.from(`${CLIENT_ID}:${inForm}`).toString("base64")
  return {
    plain: secret,
    "in a URL": encodeURIComponent(secret),
    "in a form": inForm,
    "in base64": Buffer.from(secret).toString("base64"),
    "in base64url": Buffer.from(secret).toString("base64url"),
    "in credentials": credentials.slice(Buffer.from(`${CLIENT_ID}:`).toString("base64").length),
    "in hex": Buffer.from(secret).toString("hex"),
  }
}

/** Which canaries can be read from `value` by any way of showing it. Empty: none. */
export function leaksIn(value: unknown): readonly string[] {
  const shown = shownOf(value)
  return Object.entries(CANARIES).flatMap(([name, secret]) =>
    Object.entries(formsOf(secret)).flatMap(([form, text]) => (holdsPart(shown, text) ? [`${name}, ${form}`] : [])),
  )
}

// as much of a secret in a row as the library takes for no coincidence
const TELLING = 12

function holdsPart(shown: string, secret: string): boolean {
  const parts = Array.from({ length: secret.length - TELLING + 1 }, (_, at) => secret.slice(at, at + TELLING))
  return parts.some((part) => shown.includes(part))
}

function shownOf(value: unknown): string {
  const ways = [
    () => (typeof value === "string" ? value : ""),
    () => String(value),
    () => inspect(value, { depth: Infinity, showHidden: true, getters: true, maxStringLength: Infinity }),
    () => JSON.stringify(value),
    () => (value instanceof Error ? `${value.message} ${value.stack ?? ""}` : ""),
    () => (value instanceof Error && value.cause !== undefined ? shownOf(value.cause) : ""),
  ]
  return ways.map((way) => way()).join("\n")
}
