// Each refresh token works once, and each access token for a second. Three reads; who starts it again reads once more, from
// what was stored.
import { client, outcomes, report, wait } from "./begin.js"

const { read, close } = await client(["refresh"])
let served = 0
let error
for (let i = 0; i < 3; i++) {
  if (i > 0) await wait(1_200)
  const outcome = await outcomes([read()])
  served += outcome.served
  error ??= outcome.error
}
report({ served, error })
// a renewal that is under way ends, where the peer has a way to say so; what is stored behind is stored by then
await close?.()
await wait(200)
process.exit()
