// The issuer refuses the grant; the error is logged as people log errors. Is a secret in it?
import { inspect } from "node:util"
import { client, issuer, report, settings } from "./begin.js"

const { read } = await client(["refresh", "token"], "secrets")
await issuer({ answer: { status: 400, error: "invalid_grant" } })
const error = await read().then(
  () => undefined,
  (reason) => reason,
)
const shown = [inspect(error), json(error), `${error?.stack}`].join("\n")
const deep = inspect(error, { depth: 10 })
const { clientId, clientSecret, refreshToken } = settings
const secrets = {
  "client secret": [clientSecret, btoa(`${clientId}:${clientSecret}`)],
  "refresh token": [refreshToken],
}
const foundIn = (text) => Object.keys(secrets).filter((name) => secrets[name].some((secret) => text.includes(secret)))
const found = foundIn(shown)
const foundDeep = foundIn(deep).filter((name) => !found.includes(name))
report({ failed: error !== undefined, found: found.join(" and "), foundDeep: foundDeep.join(" and ") })
process.exit()

function json(value) {
  try {
    return JSON.stringify(value) ?? ""
  } catch {
    return ""
  }
}
