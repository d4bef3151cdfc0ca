import { find } from "./dom.js"

const GATHER_MS = 700
/** @type {string[]} */
let waiting = []

/**
 * Has a screen reader say it; what comes within a moment is said as one.
 * @param {string} text
 */
export function announce(text) {
  waiting.push(text)
  if (waiting.length > 1) return
  setTimeout(() => {
    find(document, "#announcer", HTMLElement).textContent = waiting.join(". ")
    waiting = []
  }, GATHER_MS)
}
