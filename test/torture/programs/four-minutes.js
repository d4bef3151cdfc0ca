// A token that is good for four minutes is read 20 times, one after the other.
import { client, outcomes, report } from "./begin.js"

const { read } = await client(["token"])
let served = 0
for (let i = 0; i < 20; i++) served += (await outcomes([read()])).served
report({ served })
process.exit()
