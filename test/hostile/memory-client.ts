// Asks hostile issuers, several at once, and tells how much memory that took. Its process has little.
import { Token } from "evertoken"
import { endOf, sourceOf } from "./asking.js"

/** How often each issuer is asked. */
const ROUNDS = 2
const AT_ONCE = 4

const urls = JSON.parse(process.env["HOSTILE_URLS"] ?? "[]") as readonly string[]
const endings: Record<string, number> = {}

async function ask(tokenEndpoint: string): Promise<void> {
  const end = await endOf(sourceOf("refresh_token", { tokenEndpoint, timeoutMs: 3_000 }).getToken())
  const name = end instanceof Token ? "a token" : "code" in end ? String(end.code) : end.message
  endings[name] = (endings[name] ?? 0) + 1
}

for (let round = 0; round < ROUNDS; round += 1) {
  for (const url of urls) await Promise.all(Array.from({ length: AT_ONCE }, () => ask(url)))
}
const { maxRSS } = process.resourceUsage()
console.log(JSON.stringify({ endings, peakMegabytes: Math.round(maxRSS / 1024) }))
