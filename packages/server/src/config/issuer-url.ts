import { z } from "zod"
import { isLoopback } from "./loopback.js"

/** Where a secret may be sent, by the rule of the library: `https`, or `http` to this machine. */
export const secureUrl = z
  .string()
  .superRefine((text, context) => {
    const problem = problemOf(text)
    if (problem !== undefined) context.addIssue(problem)
  })
  .meta({ format: "uri" })

/** An issuer's identifier (RFC 8414, section 2). */
export const issuerUrl = secureUrl.refine((text) => !text.includes("?"), "must not have a query (RFC 8414, section 2)")

// nothing of the URL is shown: it may hold a password
function problemOf(text: string): string | undefined {
  if (!URL.canParse(text)) return "must be an https URL, such as https://id.example.com"
  const url = new URL(text)
  const isSecure = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))
  if (!isSecure) return "must be an https URL (http for this machine only)"
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password: leave them out"
  return url.hash === "" ? undefined : "must not have a fragment: leave out what begins with #"
}
