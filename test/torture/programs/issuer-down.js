// The issuer is down from the first token on, and said that it should be renewed after ten seconds (`refresh_in`): who knows that
// tries, and fails. After twelve seconds the token is good for four minutes yet: five reads.
import { client, DOWN, issuer, outcomes, report, wait } from "./begin.js"

const { read } = await client(["token"])
await read()
await issuer(DOWN)
await wait(12_000)
let served = 0
let error
for (let i = 0; i < 5; i++) {
  const outcome = await outcomes([read()])
  served += outcome.served
  error ??= outcome.error
}
report({ served, error })
process.exit()
