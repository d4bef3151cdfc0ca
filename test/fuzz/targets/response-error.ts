import fc from "fast-check"
import { TokenResponseError } from "../../../packages/evertoken/src/errors.js"
import { responseErrorOf } from "../../../packages/evertoken/src/oauth2/response-error.js"
import { retryAfterMs } from "../../../packages/evertoken/src/retry-after.js"
import { anyBytes, bytesOf, damaged, join, objectText, oddText, text, textOf } from "../arbitraries.js"
import type { FuzzTarget } from "../fuzz-target.js"
import { CANARY, promise, promiseTokenError } from "../promises.js"

const NOW = Date.parse("2026-01-01T00:00:00Z")

const inForm = new URLSearchParams([["", CANARY]]).toString().slice(1)

export const refusals = objectText({
  error: text("invalid_grant", "invalid_client", "temporarily_unavailable", CANARY),
  error_description: text(
    "no such client",
    `bad token ${CANARY}`,
    "a\nb",
    encodeURIComponent(CANARY),
    `token=${inForm}`,
  ),
  error_uri: text("https://id.example.com/errors", `https://id.example.com/?${CANARY}`),
})

const status = fc.tuple(fc.nat(255), fc.nat(255)).map((bytes) => Uint8Array.from(bytes))
const content = fc.oneof({ weight: 3, arbitrary: bytesOf(refusals) }, damaged(bytesOf(refusals)), anyBytes)

/** RFC 6749, section 5.2, as issuers and what stands before them write it. The first two bytes are the status. */
export const responseError: FuzzTarget = {
  name: "response-error",
  share: 130,
  inputs: fc.tuple(status, content).map(([head, body]) => join(head, body)),
  check: (input) => {
    const [high = 0, low = 0] = input
    const code = 300 + ((high * 256 + low) % 700)
    const body = textOf(input.slice(2))
    const answer = { status: code, text: body, header: () => body }
    const secrets = [CANARY, ""]
    const error = responseErrorOf(answer, { grantType: "refresh_token", secrets, now: NOW })
    promiseTokenError(error, ["ERR_TOKEN_RESPONSE", "ERR_TOKEN_RESPONSE_INVALID"])
    const quoted = quotedBy(error instanceof TokenResponseError ? error : undefined, error.message)
    promise(!quoted, "what was sent in secret is not shown")
    promise(error.message.length < 600, "a message is short")
    promise(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(error.message), "a message is one line of plain text")
    if (code >= 500) promise(error.transient && error.ambiguous, "a server error passes, and tells nothing")
  },
}

// as much of a secret in a row as counts as quoted
const TELLING = 12

function quotedBy(error: TokenResponseError | undefined, message: string): boolean {
  const shown = [message, error?.error, error?.errorDescription, error?.errorUri].join(" ")
  return [CANARY, encodeURIComponent(CANARY), inForm].some((form) =>
    Array.from({ length: form.length - TELLING + 1 }, (_, at) => form.slice(at, at + TELLING)).some((part) =>
      shown.includes(part),
    ),
  )
}

const wait = fc.oneof(
  oddText,
  fc.integer().map(String),
  fc.double().map(String),
  fc.nat().map((digits) => "9".repeat(digits % 500)),
  fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
)

/** RFC 9110, section 10.2.3. */
export const retryAfter: FuzzTarget = {
  name: "retry-after",
  share: 80,
  inputs: fc.oneof({ weight: 3, arbitrary: bytesOf(wait) }, damaged(bytesOf(wait)), anyBytes),
  check: (input) => {
    for (const now of [NOW, 0, 8.64e15]) {
      const waitMs = retryAfterMs(textOf(input), now)
      promise(waitMs === undefined || (Number.isFinite(waitMs) && waitMs >= 0), "a wait is a number of milliseconds")
    }
  },
}
