// The issuer answers 429 and asks for a minute's rest. One second later, so that it has been heard, somebody
// begins to want a token ten times a second, for two seconds.
import { client, issuer, report, wait } from "./begin.js"

const { read } = await client(["token"], ["request", "keeping"])
await issuer({ answer: { status: 429, error: "slow_down", headers: { "retry-after": "60" } } })
read().catch(() => {})
await wait(1_000)
for (let i = 0; i < 20; i++) {
  read().catch(() => {})
  await wait(100)
}
report({})
process.exit()
