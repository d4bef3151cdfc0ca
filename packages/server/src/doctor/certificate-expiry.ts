import { fail, ok, warn, type Finding } from "./finding.js"

const DAY_MS = 86_400_000
const SOON_MS = 14 * DAY_MS

/** For how long a certificate is good still. */
export function checkExpiry(subject: string, validTo: string, now: number): Finding {
  const left = Date.parse(validTo) - now
  const days = Math.floor(Math.abs(left) / DAY_MS)
  const hint = "Whoever runs it has to renew it."
  if (left <= 0) return fail(subject, `it has expired ${days} days ago`, hint)
  const message = `it expires in ${days} days`
  return left < SOON_MS ? warn(subject, message, hint) : ok(subject, message)
}
