// One of two processes that share a token. The first is killed while the issuer owes it an answer.
import { client, outcomes, report } from "./begin.js"

const { read } = await client(["shared"], ["shared", "owner"])
report(await outcomes([read()]))
process.exit()
