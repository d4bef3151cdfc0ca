import { find, setText } from "./dom.js"
import { ask, keepSession, Problem } from "./server.js"

/**
 * Trades the API key for a session. The key is in the form and in one request, and nowhere else.
 * @param {() => void} onSignedIn
 */
export function prepareKeyForm(onSignedIn) {
  const form = find(document, "#key-form", HTMLFormElement)
  const input = find(form, "#api-key", HTMLInputElement)
  const problem = find(form, "#key-problem", HTMLElement)
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    void signIn()
  })

  async function signIn() {
    setText(problem, "")
    try {
      const headers = { authorization: `Bearer ${input.value.trim()}` }
      const { code } = await (await ask("POST", "/session-codes", { headers })).json()
      await openSession(code)
      form.reset()
      input.removeAttribute("aria-invalid")
      onSignedIn()
    } catch (error) {
      setText(problem, problemWords(error))
      input.setAttribute("aria-invalid", "true")
      input.select()
    }
  }
}

/** @param {string} code Opens one session. */
export async function openSession(code) {
  const { session } = await (await ask("POST", "/session", { body: { code } })).json()
  keepSession(session)
}

/** @param {unknown} error */
function problemWords(error) {
  if (!(error instanceof Problem)) return "The key has characters that no key has. Copy it again."
  if (error.code === "ERR_UNAUTHORIZED")
    return "That is not the key of this server. Look where it is kept, and try again."
  return error.words
}
