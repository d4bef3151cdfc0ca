import type { TokenStatus } from "../tokens/token-status.js"
import { columns } from "./columns.js"
import { momentWords, renewalWords, stateWords } from "./status-words.js"
import { printable } from "./terminal.js"

const HEAD = ["NAME", "STATUS", "EXPIRES", "RENEWS", "GRANT", "STORE"]

/** How tokens are doing, a line each, in words: for files, pipes and screen readers. */
export function tableOf(statuses: readonly TokenStatus[], now: number): string {
  const rows = statuses.map((status) => [
    status.name,
    stateWords(status),
    momentWords(status.expiresAt, now),
    renewalWords(status, now),
    status.grant,
    status.isEncrypted ? status.store : `${status.store} (not encrypted)`,
  ])
  const [head = "", ...lines] = columns([HEAD, ...rows].map((row) => row.map((text) => ({ text }))))
  const notes = statuses.map((status) => notesOf(status).map((note) => `  ${note}`))
  return [head, ...lines.flatMap((line, i) => [line, ...(notes[i] ?? [])])].map((line) => `${line}\n`).join("")
}

/** What went wrong last, and what to do about it; and what will go wrong. */
export function notesOf(status: TokenStatus): readonly string[] {
  const { lastError, signInError } = status
  const failed = lastError === undefined ? endingNotes(status) : [lastError.message, lastError.hint]
  return [...failed, ...(signInError === undefined ? [] : [`the sign-in has failed: ${signInError}`])].map(printable)
}

/** Of a token that nothing renews. */
export function endingNotes({ isRenewable, canSignIn }: TokenStatus): readonly string[] {
  if (isRenewable !== false) return []
  const then = canSignIn ? "somebody has to sign in again" : "somebody has to set another one"
  return [
    `there is no refresh token: once it ends, ${then}`,
    ...(canSignIn
      ? ["Many issuers give one for the scope offline_access, some for parameters: { prompt: consent }."]
      : []),
  ]
}
