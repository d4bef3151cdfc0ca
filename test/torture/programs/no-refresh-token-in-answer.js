// The refresh token stays good, and so the issuer does not send it again. Access tokens last a second: three reads.
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
process.exit()
