// A token is got, and the program is over. Does the process end?
import { client, report } from "./begin.js"

const { read } = await client(["refresh", "token"], [])
await read()
report({})
