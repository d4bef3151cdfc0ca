// npm run fuzz -- --inputs 1000000 --seed 7 --target token-response
import { randomInt } from "node:crypto"
import { parseArgs } from "node:util"
import { keep } from "./regressions.js"
import { TARGETS } from "./targets.js"
import { runWatched } from "./watched-run.js"

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "20000" },
    seed: { type: "string", default: String(randomInt(2 ** 30)) },
    target: { type: "string" },
    help: { type: "boolean", default: false },
  },
})

const names = TARGETS.map(({ name }) => name)
const usage = `npm run fuzz -- [--inputs N] [--seed N] [--target ${names.join("|")}]`
const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target)
const isUnderstood = Number.isSafeInteger(inputs) && inputs > 0 && Number.isSafeInteger(seed) && targets.length > 0

if (values.help || !isUnderstood) {
  console.log(usage)
  process.exitCode = values.help ? 0 : 2
} else {
  process.exitCode = (await fuzzAll()) ? 0 : 1
}

async function fuzzAll(): Promise<boolean> {
  console.log(`${inputs} inputs, seed ${seed}`)
  const shares = targets.reduce((sum, { share }) => sum + share, 0)
  let total = 0
  let isWell = true
  for (const target of targets) {
    const share = Math.ceil((inputs * target.share) / shares)
    const startedAt = Date.now()
    const onProgress = (done: number) => progress(`${target.name}: ${done} of ${share}`)
    const { done, heapMegabytes, finding } = await runWatched(target, { inputs: share, seed, onProgress })
    progress("")
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
    console.log(
      `${finding ? "BROKEN" : "ok    "}  ${target.name}: ${done} inputs, ${seconds} s, ${heapMegabytes} MB of heap`,
    )
    total += done
    if (finding === undefined) continue
    isWell = false
    console.log(`        ${finding.problem}\n        seed ${finding.seed}; kept as regressions/${keep(finding)}`)
  }
  console.log(isWell ? `${total} inputs, no promise broken` : `${total} inputs, promises broken: see above`)
  return isWell
}

/** On a terminal only, and in one line. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[2K${text}`)
}
