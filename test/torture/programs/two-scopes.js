// Two callers at once, each with a scope of its own, ten times one after the other.
import { client, report } from "./begin.js"

const { read } = await client(["scopes"])
const scopeOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).scope
const wanted = ["orders:read", "orders:write"]
let right = 0
for (let i = 0; i < 10; i++) {
  const tokens = await Promise.all(wanted.map((scope) => read(scope)))
  right += tokens.filter((token, at) => scopeOf(token).split(" ").includes(wanted[at])).length
}
report({ right })
process.exit()
