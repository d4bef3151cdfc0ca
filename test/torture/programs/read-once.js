// A process that starts later reads once.
import { client, outcomes, report } from "./begin.js"

const { read } = await client(["refresh"])
report(await outcomes([read()]))
process.exit()
