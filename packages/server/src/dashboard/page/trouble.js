import { element } from "./dom.js"
import { Moment } from "./moment.js"

/** @import { TokenStatus } from "../../tokens/token-status.js" */
/** @import { Problem } from "./server.js" */

/**
 * Says what is wrong with a token, and what to do about it.
 * @param {HTMLElement} place
 * @param {TokenStatus} status
 * @param {Problem | undefined} problem Of what was last tried here.
 * @returns {Moment | undefined} when it was.
 */
export function troubleOf(place, { lastError, signInError, isSigningIn }, problem) {
  /** @type {HTMLElement[]} */
  const parts = []
  /** @type {Moment | undefined} */
  let moment
  if (lastError !== undefined) {
    const { message, hint, code, transient, at } = lastError
    const when = element("span")
    moment = new Moment(when)
    moment.write("Failed", at)
    const outlook = transient ? "It is tried again by itself." : "It will not mend by itself."
    parts.push(
      element("p", { class: "what" }, [sentence(message)]),
      element("p", { class: "hint" }, [element("strong", {}, ["What to do: "]), hint]),
      element("p", { class: "fine" }, [when, `. ${outlook} `, element("code", {}, [code])]),
    )
  }
  if (signInError !== undefined && !isSigningIn) {
    parts.push(element("p", { class: "what" }, [`The sign-in failed: ${signInError}. Sign in again.`]))
  }
  if (problem !== undefined && problem.code !== lastError?.code) {
    parts.push(element("p", { class: "what" }, [problem.words]))
  }
  place.hidden = parts.length === 0
  place.replaceChildren(...parts)
  return moment
}

/** @param {string} text */
function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
