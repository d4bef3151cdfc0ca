// The access token is not a JWT. It is read twice.
import { client, outcomes, report } from "./begin.js"

const { read } = await client(["token"])
const first = await outcomes([read()])
const second = await outcomes([read()])
report({ served: first.served + second.served, error: first.error })
process.exit()
