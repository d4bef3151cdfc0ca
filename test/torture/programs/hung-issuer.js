// The issuer accepts the request, and never answers: does who waits ever hear of it?
import { client, issuer, outcomes, report, wait } from "./begin.js"

const LIMIT_S = 45

const { read } = await client(["token"], ["request"])
await issuer({ answer: "hang" })
const startedAt = performance.now()
await Promise.race([outcomes([read()]), wait(LIMIT_S * 1_000)])
const seconds = Math.round((performance.now() - startedAt) / 1_000)
report({ seconds, ended: seconds < LIMIT_S })
process.exit()
