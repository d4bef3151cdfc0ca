// A token that is good for 30 days, longer than a timer of Node.js can be: it is read, and two seconds pass.
import { client, report, wait } from "./begin.js"

const { read } = await client(["refresh", "token"], [])
await read()
await wait(2_000)
report({})
process.exit()
