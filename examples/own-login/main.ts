import { CachedTokenSource, TokenError, TokenWatcher, tokenSourceFrom, type IssuedToken } from "evertoken"
import { createFetch } from "evertoken/http"
import { Sandbox } from "../sandbox/sandbox.js"

await using sandbox = await Sandbox.start()
const { api } = sandbox

// Any function that gets a token: no OAuth2 here, but a session of the API's own.
const login = tokenSourceFrom(
  async ({ signal }) => {
    const response = await fetch(`${api.url}/login`, { method: "POST", signal: signal ?? null })
    if (!response.ok) throw refused(response.status)
    return sessionOf(await response.json())
  },
  { name: "invoices session", renewEveryMs: 10 * 60_000 },
)

await using watcher = await TokenWatcher.start(new CachedTokenSource(login))
const token = watcher.current()
console.log("minutes until it is renewed, at the latest:", (token.staleAt - token.issuedAt) / 60_000)
console.log("minutes until it ends:", (token.expiresAt - token.issuedAt) / 60_000)

const fetchInvoices = createFetch(watcher, { origins: [api.url] })
const statuses = await Promise.all(
  Array.from({ length: 100 }, async () => (await fetchInvoices(`${api.url}/invoices`)).status),
)
console.log("calls:", statuses.length, "answered 200:", statuses.filter((status) => status === 200).length)
console.log("logins:", api.logins)

// Anything else that is thrown counts as something that passes: only the function knows that a password is wrong.
function refused(status: number): TokenError {
  return new TokenError("ERR_TOKEN_SOURCE", `login answered ${status}`, { transient: status >= 500 || status === 429 })
}

function sessionOf(answer: unknown): IssuedToken {
  if (typeof answer !== "object" || answer === null) throw new TypeError("the login answered with no object")
  if (!("session" in answer && typeof answer.session === "string")) throw new TypeError("the login gave no session")
  const minutes = "validForMinutes" in answer ? Number(answer.validForMinutes) : 5
  return { accessToken: answer.session, expiresInSeconds: minutes * 60 }
}
