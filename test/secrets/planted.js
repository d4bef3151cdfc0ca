// Lets a secret out in one way, or none: so that a test sees whether the secret scan finds it.
import { Buffer } from "node:buffer"
import { channel } from "node:diagnostics_channel"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"

// put together here: this file and its arguments do not show it
const SECRET = ["night", "ingale-", "1234567890"].join("")
const way = process.argv[2]

/** Until it was looked at, from the beginning to the end, at least once. */
async function seen() {
  const samples = () => readFileSync(join(process.env.SECRET_SCAN_DIRECTORY, "samples"), { flag: "a+" }).length
  const before = samples()
  while (samples() < before + 2) await wait(20)
}

const ways = {
  "standard output": () => console.log(`the token is ${SECRET}.`),
  "standard error": () => console.error(`the token is ${SECRET}.`),
  "standard output, in base64": () => console.log(Buffer.from(`client:${SECRET}`).toString("base64")),
  "standard output, in two parts": async () => {
    process.stdout.write(SECRET.slice(0, 8))
    await seen()
    process.stdout.write(SECRET.slice(8))
  },
  "an event": () => channel("evertoken:planted").publish({ deep: { inside: { token: SECRET } } }),
  "the name of a file": async () => {
    const directory = mkdtempSync(join(tmpdir(), `evertoken-${SECRET}-`))
    await seen()
    rmSync(directory, { recursive: true })
  },
  "the title of a process": async () => {
    process.title = SECRET
    await seen()
  },
  "no way": () => console.log("nothing"),
}

if (way !== "nothing to be heard") channel("evertoken:other").publish({ harmless: true })
await ways[way]?.()
