import type { TokenErrorCode } from "evertoken"

const STATUSES = {
  ERR_BAD_REQUEST: 400,
  ERR_UNAUTHORIZED: 401,
  ERR_HOST_REFUSED: 403,
  ERR_ORIGIN_REFUSED: 403,
  ERR_METHOD_REFUSED: 403,
  ERR_HEADER_MISSING: 403,
  ERR_KEY_NEEDED: 403,
  ERR_UNKNOWN_ROUTE: 404,
  ERR_UNKNOWN_TOKEN: 404,
  ERR_NOT_ONE_TOKEN: 409,
  ERR_SIGN_IN_UNSUITABLE: 409,
  ERR_BODY_TOO_LARGE: 413,
  ERR_MEDIA_TYPE: 415,
  ERR_INTERNAL: 500,
  ERR_NOT_READY: 503,
} as const

/** What a request can be refused for, besides what the library says. */
export type RefusalCode = keyof typeof STATUSES

export interface RefusalOptions {
  readonly hint?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/** Why a request is not answered as it wished. The message is shown to the client, and logged: no secrets. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  readonly code: RefusalCode | TokenErrorCode
  readonly status: number
  readonly hint: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: RefusalCode, message: string, options?: RefusalOptions)
  constructor(code: TokenErrorCode, message: string, options: RefusalOptions & { readonly status: number })
  constructor(
    code: RefusalCode | TokenErrorCode,
    message: string,
    { hint, retryAfterMs, status }: RefusalOptions & { readonly status?: number } = {},
  ) {
    super(message)
    this.code = code
    this.status = status ?? (isRefusalCode(code) ? STATUSES[code] : 500)
    this.hint = hint
    this.retryAfterMs = retryAfterMs
  }
}

function isRefusalCode(code: string): code is RefusalCode {
  return code in STATUSES
}
