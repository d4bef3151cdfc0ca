import { announce } from "./announcer.js"
import { find, setText } from "./dom.js"
import { ask, pathOf, Problem } from "./server.js"

/** @import { TokenStatus } from "../../tokens/token-status.js" */

/**
 * @typedef {{ kind: "browser", url: string } | { kind: "device", verificationUri: string, verificationUriComplete?: string, userCode: string }} Prompt
 */

/** @type {{ name: string } | undefined} */
let shown

/** Leads a person through a sign-in. A link, and no window that opens by itself: who clicks it has seen where it leads. */
export const SignInDialog = {
  /**
   * @param {string} name
   * @throws {Problem}
   */
  async open(name) {
    const answer = await ask("POST", pathOf(name, "/sign-in"))
    /** @type {Prompt} */
    const prompt = await answer.json()
    shown = { name }
    show(name, prompt)
  },

  /**
   * Closes once it is over.
   * @param {TokenStatus} status
   */
  noted({ name, isSigningIn, signInError }) {
    if (shown?.name !== name || isSigningIn) return
    const dialog = find(document, "#sign-in-dialog", HTMLDialogElement)
    if (!dialog.open) return
    shown = undefined
    if (signInError === undefined) announce(`${name}: signed in`)
    else announce(`${name}: the sign-in failed: ${signInError}`)
    dialog.close()
  },
}

export function prepareSignInDialog() {
  find(document, "#sign-in-cancel", HTMLButtonElement).addEventListener("click", () => void cancel())
}

/** Closing the dialog leaves the sign-in under way; this ends it. */
async function cancel() {
  if (shown === undefined) return
  const { name } = shown
  const dialog = find(document, "#sign-in-dialog", HTMLDialogElement)
  try {
    await ask("DELETE", pathOf(name, "/sign-in"))
    // what is noted of it may have closed it already
    if (dialog.open) dialog.close()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    setText(find(dialog, "#sign-in-state", HTMLElement), error.words)
  }
}

/**
 * @param {string} name
 * @param {Prompt} prompt
 */
function show(name, prompt) {
  const dialog = find(document, "#sign-in-dialog", HTMLDialogElement)
  const link = find(dialog, "#sign-in-link", HTMLAnchorElement)
  const code = find(dialog, "#sign-in-code", HTMLElement)
  const href = prompt.kind === "browser" ? prompt.url : (prompt.verificationUriComplete ?? prompt.verificationUri)
  setText(find(dialog, "#sign-in-title", HTMLElement), `Sign in for ${name}`)
  setText(find(dialog, "#sign-in-what", HTMLElement), whatToDo(prompt))
  code.hidden = prompt.kind === "browser"
  setText(code, prompt.kind === "device" ? prompt.userCode : "")
  link.href = httpOnly(href)
  setText(link, `Continue at ${link.host}`)
  setText(find(dialog, "#sign-in-state", HTMLElement), "Waiting for you to sign in. This closes by itself.")
  dialog.showModal()
  link.focus()
}

/** @param {Prompt} prompt */
function whatToDo(prompt) {
  if (prompt.kind === "device") return "On any device, open the page and type this code:"
  return "The issuer's page opens in a new tab, and comes back to the server: use a browser on the server's machine."
}

/**
 * A link of the issuer's making must not run anything here.
 * @param {string} href
 */
function httpOnly(href) {
  return /^https?:\/\//i.test(href) ? href : ""
}
