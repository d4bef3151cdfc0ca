import { z } from "zod"
import { text } from "./config-fields.js"

// prettier-ignore
const OWN = new Set([
  "client_id", "response_type", "response_mode", "redirect_uri", "scope", "resource", "state", "nonce", "code_challenge",
  "code_challenge_method", "request", "request_uri", "max_age", "dpop_jkt",
])

/** More parameters of the authorization request, such as `prompt`; those of the protocol are not for anybody to set. */
export const authorizationParameters = z.record(z.string(), text).superRefine((parameters, context) => {
  for (const name of Object.keys(parameters).filter((name) => OWN.has(name))) {
    context.addIssue({ code: "custom", path: [name], message: "is made by evertoken itself: leave it out" })
  }
})
