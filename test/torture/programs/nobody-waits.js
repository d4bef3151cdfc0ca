// The issuer goes down, the token of twelve seconds is read once more (some now renew it behind), and then nobody asks until it
// is long over. Is the process still there?
import { client, DOWN, issuer, report, wait } from "./begin.js"

const { read } = await client(["refresh", "token"], [])
await read()
await issuer(DOWN)
await read().catch(() => {})
await wait(18_000)
report({})
process.exit()
