// Two callers at once, each with a scope of its own, ten times.
import { client, report } from "./begin.js"

const { read } = await client(["scopes"])
const scopeOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).scope
const wanted = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? "orders:read" : "orders:write"))
const tokens = await Promise.all(wanted.map((scope) => read(scope)))
report({ right: tokens.filter((token, i) => scopeOf(token).split(" ").includes(wanted[i])).length })
process.exit()
