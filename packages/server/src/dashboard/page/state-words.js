/** @import { TokenStatus } from "../../tokens/token-status.js" */

/**
 * @typedef {object} StateWords
 * @property {string} word
 * @property {string} glyph Another shape for each, for those who do not tell colours apart.
 * @property {"good" | "wait" | "bad" | "none"} tone
 */

/** @type {Readonly<Record<TokenStatus["status"], StateWords>>} */
const WORDS = {
  starting: { word: "Starting", glyph: "none", tone: "none" },
  fresh: { word: "Fresh", glyph: "fresh", tone: "good" },
  stale: { word: "Stale", glyph: "stale", tone: "wait" },
  expired: { word: "Expired", glyph: "expired", tone: "bad" },
  "reauthentication-required": { word: "Sign-in needed", glyph: "needed", tone: "bad" },
  misconfigured: { word: "Misconfigured", glyph: "needed", tone: "bad" },
  "signed-out": { word: "Signed out", glyph: "none", tone: "none" },
  closed: { word: "Closed", glyph: "none", tone: "none" },
}

/**
 * @param {TokenStatus} status
 * @returns {StateWords}
 */
export function stateWords({ status, canSignIn }) {
  if (status === "reauthentication-required" && !canSignIn) return { ...WORDS[status], word: "New grant needed" }
  return WORDS[status]
}

/**
 * What else is going on, beside the state.
 * @param {TokenStatus} status
 */
export function besidesWords({ status, isRenewing, isSigningIn, isRenewable, attempts }) {
  if (isSigningIn) return "sign-in under way"
  if (isRenewing) return "renewing…"
  if (attempts === 0 && isRenewable === false) return "no refresh token"
  if (attempts === 0 || status === "reauthentication-required") return ""
  return attempts === 1 ? "1 failure" : `${attempts} failures`
}

/**
 * How many are in which state, the good ones first; and whether who gets at the stores gets at tokens.
 * @param {readonly TokenStatus[]} statuses
 */
export function summaryWords(statuses) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const { word } of statuses.map(stateWords)) counts.set(word, (counts.get(word) ?? 0) + 1)
  const order = [...new Set(Object.values(WORDS).map(({ word }) => word)), "New grant needed"]
  const bare = statuses.filter(({ isEncrypted }) => !isEncrypted).length
  const states = order.flatMap((word) => {
    const count = counts.get(word)
    return count === undefined ? [] : [`${count} ${word.toLowerCase()}`]
  })
  return bare === 0 ? states : [...states, `${bare === statuses.length ? "" : `${bare} `}kept without encryption`]
}
