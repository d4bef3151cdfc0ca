import { CANARY } from "../../secrets/canary.js"

/** The real value of what a scenario calls `name`. */
export function secretOf(name: string): string {
  return `${CANARY}${name}`
}

/** What a scenario calls this value. */
export function nameOf(secret: string | undefined): string {
  return secret?.replace(CANARY, "") ?? "none"
}
