// The issuer is down from the first token on, which is good for four minutes yet: five reads.
import { client, DOWN, issuer, outcomes, report } from "./begin.js"

const { read } = await client(["token"])
await read()
await issuer(DOWN)
let served = 0
let error
for (let i = 0; i < 5; i++) {
  const outcome = await outcomes([read()])
  served += outcome.served
  error ??= outcome.error
}
report({ served, error })
process.exit()
