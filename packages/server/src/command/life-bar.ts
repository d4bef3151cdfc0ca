import type { TokenStatus } from "../tokens/token-status.js"
import type { Paint, Style } from "./paint.js"

export interface Glyphs {
  readonly fresh: string
  readonly stale: string
  readonly none: string
  readonly now: string
  readonly next: string
}

const LINES: Glyphs = { fresh: "━", stale: "╌", none: "·", now: "●", next: "◆" }
const ASCII: Glyphs = { fresh: "=", stale: "-", none: ".", now: "o", next: "*" }

/** What a terminal of this locale can show. */
export function glyphsFor(env: Readonly<Record<string, string | undefined>> = process.env): Glyphs {
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((name) => name) ?? ""
  return /utf-?8/i.test(locale) || process.platform === "win32" || process.platform === "darwin" ? LINES : ASCII
}

export interface LifeBarOptions {
  readonly now: number
  /** In characters. */
  readonly width: number
  readonly glyphs: Glyphs
  readonly paint: Paint
}

/** The life of a token, from when it was issued to its end: what of it is over, where it is now, when it will be renewed. */
export function lifeBar(status: TokenStatus, { now, width, glyphs, paint }: LifeBarOptions): string {
  const { issuedAt, staleAt, expiresAt, nextRenewalAt } = status
  if (issuedAt === undefined || expiresAt === undefined || expiresAt <= issuedAt) {
    return paint(glyphs.none.repeat(width), "dim")
  }
  const cellOf = (moment: number) => Math.floor(((moment - issuedAt) / (expiresAt - issuedAt)) * width)
  const at = Math.min(Math.max(cellOf(now), 0), width - 1)
  const staleFrom = staleAt === undefined ? width : cellOf(staleAt)
  const nextAt = nextRenewalAt === undefined || nextRenewalAt < now ? -1 : cellOf(nextRenewalAt)
  return Array.from({ length: width }, (_, cell) => {
    const [glyph, style]: readonly [string, Style] =
      cell < staleFrom ? [glyphs.fresh, "green"] : [glyphs.stale, "yellow"]
    if (cell === at) return paint(glyphs.now, "bold", now >= expiresAt ? "red" : style)
    if (cell === nextAt) return paint(glyphs.next, "bold", "cyan")
    return cell < at ? paint(glyph, "dim") : paint(glyph, style)
  }).join("")
}

/** What the marks of a bar mean. */
export function legend({ fresh, stale, now, next }: Glyphs, paint: Paint): string {
  return [
    `${paint(fresh, "green")} fresh`,
    `${paint(stale, "yellow")} stale: to be renewed`,
    `${paint(now, "bold")} now`,
    `${paint(next, "bold", "cyan")} next attempt`,
  ].join("   ")
}
