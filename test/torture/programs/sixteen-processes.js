// One of 16 processes that start at once.
import { client, outcomes, report } from "./begin.js"

const { read } = await client(["shared", "token"], "processes")
report(await outcomes([read()]))
process.exit()
