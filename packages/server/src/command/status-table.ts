import type { TokenStatus } from "../tokens/token-status.js"
import { printable } from "./terminal.js"

const UNITS = [
  { unit: "d", ms: 86_400_000 },
  { unit: "h", ms: 3_600_000 },
  { unit: "min", ms: 60_000 },
  { unit: "s", ms: 1_000 },
] as const

const HEAD = ["NAME", "STATUS", "EXPIRES", "GRANT", "STORE"] as const

/** How tokens are doing, a line each, for people. */
export function tableOf(statuses: readonly TokenStatus[], now: number): string {
  const rows = statuses.map(({ name, status, expiresAt, grant, store, isEncrypted, lastError }) => ({
    cells: [name, wordFor(status), when(expiresAt, now), grant, isEncrypted ? store : `${store} (not encrypted)`],
    note: lastError && `  ${printable(lastError.message)}\n  ${lastError.hint}\n`,
  }))
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map(({ cells }) => cells[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `${cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd()}\n`
  return line(HEAD) + rows.map(({ cells, note = "" }) => line(cells) + note).join("")
}

function wordFor(status: TokenStatus["status"]): string {
  if (status === "starting") return "no token yet"
  return status === "reauthentication-required" ? "sign-in needed" : status
}

function when(moment: number | undefined, now: number): string {
  if (moment === undefined) return "-"
  const length = Math.abs(moment - now)
  const { unit, ms } = UNITS.find(({ ms }) => length >= ms) ?? { unit: "s", ms: 1_000 }
  const text = `${Math.floor(length / ms)} ${unit}`
  return moment > now ? `in ${text}` : `${text} ago`
}
