/** The server said no, or nothing. What it is, and what to do about it, in words. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {{ readonly code: string, readonly hint?: string | undefined }} options
   */
  constructor(message, { code, hint }) {
    super(message)
    this.code = code
    this.hint = hint
  }

  /** One sentence after the other. */
  get words() {
    const what = `${this.message.charAt(0).toUpperCase()}${this.message.slice(1)}.`
    return this.hint === undefined ? what : `${what} ${this.hint}`
  }
}

/** Other servers of this machine can have cookies set for this one, and read what is sent to them: none is sent, none is taken. */
const ALONE = /** @type {const} */ ({ cache: "no-store", credentials: "omit" })

/** Where the session is: unlike a cookie, for this port alone. */
const SESSION = "evertoken-session"

/** Told to the window when the server knows no session of this page. */
export const SESSION_OVER = "session-over"

/** No form and no link of another page can send it. */
const ASKED = { "x-evertoken-request": "1" }

/**
 * @typedef {object} AskOptions
 * @property {object} [body] Sent as JSON.
 * @property {Readonly<Record<string, string>>} [headers]
 * @property {AbortSignal} [signal]
 */

/**
 * The answer to a request, which brings the session, and no cookie.
 * @param {string} method
 * @param {string} path
 * @param {AskOptions} [options]
 * @returns {Promise<Response>}
 * @throws {Problem}
 */
export async function ask(method, path, { body, headers = {}, signal } = {}) {
  const content = body === undefined ? {} : { "content-type": "application/json" }
  /** @type {RequestInit} */
  const init = { method, headers: { ...ASKED, ...sessionHeader(), ...content, ...headers }, ...ALONE }
  if (body !== undefined) init.body = JSON.stringify(body)
  if (signal !== undefined) init.signal = signal
  const response = await fetch(path, init).catch(() => {
    throw new Problem("the server does not answer", {
      code: "ERR_NOT_CONNECTED",
      hint: "Is it running? evertoken serve",
    })
  })
  noteTime(response)
  if (response.ok) return response
  const problem = await problemIn(response)
  if (problem.code === "ERR_UNAUTHORIZED") dispatchEvent(new Event(SESSION_OVER))
  throw problem
}

/** @param {string} session */
export function keepSession(session) {
  localStorage.setItem(SESSION, session)
}

export function forgetSession() {
  localStorage.removeItem(SESSION)
}

/** @returns {Readonly<Record<string, string>>} */
function sessionHeader() {
  const session = localStorage.getItem(SESSION)
  return session === null ? {} : { authorization: `Bearer ${session}` }
}

/**
 * The path of a token.
 * @param {string} name
 * @param {string} [rest]
 */
export function pathOf(name, rest = "") {
  return `/tokens/${encodeURIComponent(name)}${rest}`
}

/** @param {Response} response */
async function problemIn(response) {
  /** @type {{ detail?: string, code?: string, hint?: string }} */
  const { detail, code, hint } = await response.json().catch(() => ({}))
  return new Problem(detail ?? `the server answers ${response.status}`, { code: code ?? "ERR_ANSWER", hint })
}

let aheadMs = 0
/** The header has whole seconds, and the answer took its time. */
const TOLERANCE_MS = 2_000

/** @param {Response} response */
function noteTime({ headers }) {
  const differenceMs = Date.parse(headers.get("date") ?? "") - Date.now()
  if (!Number.isNaN(differenceMs)) aheadMs = Math.abs(differenceMs) > TOLERANCE_MS ? differenceMs : 0
}

/** By the clock of the server, whose times are shown. Epoch milliseconds. */
export function serverNow() {
  return Date.now() + aheadMs
}
