// 1,000 callers ask at once, and nobody has a token yet.
import { client, outcomes, report } from "./begin.js"

const { read } = await client(["token"], ["keeping"])
report(await outcomes(Array.from({ length: 1_000 }, () => read())))
process.exit()
