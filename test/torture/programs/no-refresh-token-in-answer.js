// The refresh token stays good, and so the issuer does not send it again. Access tokens last a second: three reads.
import { client, report, threeReads } from "./begin.js"

const { read } = await client(["refresh"])
report(await threeReads(read))
process.exit()
