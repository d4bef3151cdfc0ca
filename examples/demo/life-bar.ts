import type { Paint } from "./ansi.js"
import type { ShownToken } from "./messages.js"

/** The characters a bar is made of. Each says the same without a colour. */
export interface BarCharacters {
  readonly past: string
  readonly fresh: string
  readonly stale: string
  readonly now: string
  readonly renewal: string
}

export const unicodeBar: BarCharacters = { past: "·", fresh: "━", stale: "╌", now: "●", renewal: "▲" }
export const asciiBar: BarCharacters = { past: ".", fresh: "=", stale: "-", now: "O", renewal: "^" }

/** A token's life from left (issued) to right (expired): what is past, what is fresh, what is stale, now, the next renewal. */
export function lifeBar(
  token: ShownToken,
  at: { readonly now: number; readonly nextRenewalAt: number | undefined },
  look: { readonly width: number; readonly characters: BarCharacters; readonly paint: Paint },
): string {
  const { width, characters, paint } = look
  const stepMs = (token.expiresAt - token.issuedAt) / width
  const cellOf = (time: number) => Math.min(width - 1, Math.max(0, Math.floor((time - token.issuedAt) / stepMs)))
  const nowCell = cellOf(at.now)
  const renewalCell = at.nextRenewalAt === undefined ? undefined : cellOf(at.nextRenewalAt)
  const cells = Array.from({ length: width }, (_, cell) => {
    if (cell === nowCell) return paint("bold", characters.now)
    if (cell === renewalCell) return paint("cyan", characters.renewal)
    if (cell < nowCell) return paint("dim", characters.past)
    const isFresh = token.issuedAt + (cell + 0.5) * stepMs < token.staleAt
    return isFresh ? paint("green", characters.fresh) : paint("yellow", characters.stale)
  })
  return cells.join("")
}
