// Each refresh token works once, and each access token for a second. Three reads; who starts it again reads once more, from
// what was stored.
import { client, report, threeReads, wait } from "./begin.js"

const { read, close } = await client(["refresh"])
report(await threeReads(read))
// a renewal that is under way ends, where the peer has a way to say so; what is stored behind is stored by then
await close?.()
await wait(200)
process.exit()
