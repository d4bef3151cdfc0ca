// The issuer refuses the grant; the error is logged as people log errors. Is a secret in it?
import { inspect } from "node:util"
import { client, issuer, report, settings } from "./begin.js"

const { read } = await client(["refresh", "token"], ["request"])
await issuer({ answer: { status: 400, error: "invalid_grant" } })
const error = await read().then(
  () => undefined,
  (reason) => reason,
)
const shown = [inspect(error), json(error), `${error?.stack}`].join("\n")
const { clientId, clientSecret, refreshToken } = settings
const secrets = {
  "client secret": [clientSecret, btoa(`${clientId}:${clientSecret}`)],
  "refresh token": [refreshToken],
}
const foundIn = (text) => Object.keys(secrets).filter((name) => secrets[name].some((secret) => text.includes(secret)))
const found = foundIn(shown)
const depths = Array.from({ length: 8 }, (_, i) => i + 3)
const depth = depths.find((depth) => foundIn(inspect(error, { depth })).length > found.length)
const foundDeep = depth && foundIn(inspect(error, { depth })).filter((name) => !found.includes(name))
report({ failed: error !== undefined, found: found.join(" and "), foundDeep: foundDeep?.join(" and "), depth })
process.exit()

function json(value) {
  try {
    return JSON.stringify(value) ?? ""
  } catch {
    return ""
  }
}
