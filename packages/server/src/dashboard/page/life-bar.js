import { shape } from "./dom.js"
import { lengthWords, relativeWords } from "./time-words.js"

/** @import { TokenStatus } from "../../tokens/token-status.js" */

/** @typedef {Pick<TokenStatus, "issuedAt" | "staleAt" | "expiresAt" | "nextRenewalAt">} Life */

const TOP = "7"
const HEIGHT = "10"

/** A token's life from its issue to its end: how much of it is fresh and stale, what is over, now, and the next attempt. */
export class LifeBar {
  #svg
  #track = shape("rect", { class: "bar-track", x: "0", width: "100%", y: TOP, height: HEIGHT, rx: "3" })
  #fresh = shape("rect", { class: "bar-fresh", y: TOP, height: HEIGHT, rx: "3" })
  #stale = shape("rect", { class: "bar-stale", y: TOP, height: HEIGHT, rx: "3" })
  #spent = shape("rect", { class: "bar-spent", x: "0", y: TOP, height: HEIGHT })
  #now = shape("line", { class: "bar-now", y1: "2", y2: "22" })
  #next = shape("svg", { overflow: "visible", y: "12" })

  /** @param {SVGElement} svg */
  constructor(svg) {
    this.#svg = svg
    this.#next.append(shape("path", { class: "bar-next", d: "M0 -5.5l5.5 5.5-5.5 5.5-5.5-5.5z" }))
    svg.append(this.#track, this.#fresh, this.#stale, this.#spent, this.#now, this.#next)
  }

  /**
   * @param {Life} life
   * @param {number} now
   */
  draw(life, now) {
    const { issuedAt, staleAt, expiresAt, nextRenewalAt } = life
    const hasToken = isTime(issuedAt) && isTime(expiresAt) && expiresAt > issuedAt
    this.#svg.classList.toggle("is-empty", !hasToken)
    for (const part of [this.#fresh, this.#stale, this.#spent, this.#now, this.#next]) toggle(part, hasToken)
    set(this.#svg, "aria-label", lifeWords(life, now))
    if (!hasToken) return
    /** @param {number} at */
    const placeOf = (at) => Math.min(1, Math.max(0, (at - issuedAt) / (expiresAt - issuedAt)))
    const staleFrom = placeOf(isTime(staleAt) ? staleAt : expiresAt)
    setSpan(this.#fresh, 0, staleFrom)
    setSpan(this.#stale, staleFrom, 1)
    setSpan(this.#spent, 0, placeOf(now))
    set(this.#now, "x1", percent(placeOf(now)))
    set(this.#now, "x2", percent(placeOf(now)))
    const hasNext = isTime(nextRenewalAt) && nextRenewalAt <= expiresAt
    toggle(this.#next, hasNext)
    if (hasNext) set(this.#next, "x", percent(placeOf(Math.max(nextRenewalAt, now))))
  }
}

/**
 * The bar, said.
 * @param {Life} life
 * @param {number} now
 */
export function lifeWords({ issuedAt, staleAt, expiresAt, nextRenewalAt }, now) {
  const next = isTime(nextRenewalAt) ? [`next attempt ${relativeWords(Math.max(nextRenewalAt, now), now)}`] : []
  if (!isTime(issuedAt)) return ["No token", ...next].join(", ")
  const stale = isTime(staleAt)
    ? [staleAt > now ? `stale ${relativeWords(staleAt, now)}` : `stale for ${lengthWords(now - staleAt)}`]
    : []
  const end = isTime(expiresAt)
    ? `${expiresAt > now ? "expires" : "expired"} ${relativeWords(expiresAt, now)}`
    : "does not expire"
  return [`Issued ${relativeWords(issuedAt, now)}`, ...stale, ...next, end].join(", ")
}

/**
 * A token that does not expire has none: JSON knows no infinity.
 * @param {number | null | undefined} at
 * @returns {at is number}
 */
export function isTime(at) {
  return typeof at === "number"
}

/**
 * @param {SVGElement} rect
 * @param {number} from
 * @param {number} to
 */
function setSpan(rect, from, to) {
  set(rect, "x", percent(from))
  set(rect, "width", percent(to - from))
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(2)}%`
}

/**
 * @param {Element} part
 * @param {string} name
 * @param {string} value
 */
function set(part, name, value) {
  if (part.getAttribute(name) !== value) part.setAttribute(name, value)
}

/**
 * @param {Element} part
 * @param {boolean} isShown
 */
function toggle(part, isShown) {
  part.toggleAttribute("hidden", !isShown)
}
