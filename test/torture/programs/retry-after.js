// The issuer answers 429 and asks for a minute's rest. For three seconds somebody wants a token ten times a second.
import { client, issuer, report, wait } from "./begin.js"

const { read } = await client(["token"])
await issuer({ answer: { status: 429, error: "slow_down", headers: { "retry-after": "60" } } })
for (let i = 0; i < 30; i++) {
  read().catch(() => {})
  await wait(100)
}
report({})
process.exit()
