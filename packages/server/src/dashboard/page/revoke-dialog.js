import { announce } from "./announcer.js"
import { find, setText } from "./dom.js"
import { ask, pathOf, Problem } from "./server.js"

/** @import { TokenStatus } from "../../tokens/token-status.js" */

/** @type {Pick<TokenStatus, "name"> | undefined} */
let asked

/**
 * Asks whether it shall be revoked, and does it.
 * @param {TokenStatus} status
 */
export function revoke(status) {
  if (typeof status.issuedAt !== "number") return
  asked = status
  const { name, canSignIn } = status
  const { dialog, local, problem } = parts()
  setText(find(dialog, "#revoke-title", HTMLElement), `Revoke ${name}?`)
  const again = canSignIn ? "Only a sign-in brings another one." : "Refresh brings another one."
  setText(find(dialog, "#revoke-again", HTMLElement), again)
  setText(problem, "")
  local.checked = false
  dialog.showModal()
}

export function prepareRevokeDialog() {
  parts().confirm.addEventListener("click", () => void confirm())
}

async function confirm() {
  if (asked === undefined) return
  const { dialog, local, problem, confirm } = parts()
  const { name } = asked
  confirm.disabled = true
  try {
    await ask("DELETE", pathOf(name, local.checked ? "?local=true" : ""))
    announce(local.checked ? `${name}: forgotten` : `${name}: revoked`)
    dialog.close()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    setText(problem, `${error.words} Nothing has changed.`)
  } finally {
    confirm.disabled = false
  }
}

function parts() {
  const dialog = find(document, "#revoke-dialog", HTMLDialogElement)
  return {
    dialog,
    local: find(dialog, "#revoke-local", HTMLInputElement),
    problem: find(dialog, "#revoke-problem", HTMLElement),
    confirm: find(dialog, "#revoke-confirm", HTMLButtonElement),
  }
}
