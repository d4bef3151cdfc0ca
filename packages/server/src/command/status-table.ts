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

/** What went wrong last, and what to do about it. */
export function notesOf({ lastError, signInError }: TokenStatus): readonly string[] {
  const failed = lastError === undefined ? [] : [lastError.message, lastError.hint]
  return [...failed, ...(signInError === undefined ? [] : [`the sign-in has failed: ${signInError}`])].map(printable)
}
