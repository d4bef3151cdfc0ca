// One of 16 processes that start at once: all are ready before the first one reads, however few processors there are.
import { client, issuer, outcomes, report } from "./begin.js"

const { read } = await client(["shared", "token"], ["keeping"])
await issuer({ together: 16 })
report(await outcomes([read()]))
process.exit()
