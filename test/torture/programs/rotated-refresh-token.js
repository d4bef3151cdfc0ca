// Each refresh token works once, and each access token for a second. Three reads; who starts it again reads once more, from
// what was stored.
import { client, outcomes, report, wait } from "./begin.js"

const { read } = await client(["refresh"])
let served = 0
let error
for (let i = 0; i < 3; i++) {
  if (i > 0) await wait(1_200)
  const outcome = await outcomes([read()])
  served += outcome.served
  error ??= outcome.error
}
report({ served, error })
// what stores, stores it by then
await wait(200)
process.exit()
