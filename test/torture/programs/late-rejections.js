// The API stops accepting a token that was in use for eleven seconds (evertoken does not replace one that is younger than ten
// seconds, whoever rejects it). 50 requests carried it: half are answered 401 at once, half only when a newer token has
// been seen.
import { client, issuer, report, wait } from "./begin.js"

const { call } = await client(["api"])
await call()
await wait(11_000)
await issuer({ revokeAll: true })
const calls = Array.from({ length: 50 }, () => call().catch(() => undefined))
const statuses = await Promise.race([Promise.all(calls), wait(10_000).then(() => [])])
report({ accepted: statuses.filter((status) => status === 200).length })
process.exit()
