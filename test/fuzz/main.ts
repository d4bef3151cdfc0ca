import { randomInt } from "node:crypto"
import { keep } from "./regressions.js"
import { TARGETS } from "./targets.js"
import { runWatched } from "./watched-run.js"
import { toolOptions } from "../tool-options.js"

const values = toolOptions({
  inputs: { type: "string", default: "20000" },
  seed: { type: "string", default: String(randomInt(2 ** 30)) },
  target: { type: "string" },
  help: { type: "boolean", default: false },
})

const names = TARGETS.map(({ name }) => name)
const usage = `Gives random inputs to everything that reads what others write: an issuer's answers, files, the names of files.

  npm run fuzz -- [--inputs N] [--seed N] [--target NAME]

  --inputs N     how many, over all targets (default 20000)
  --seed N       whole number; the same one gives the same inputs (default: drawn, and printed)
  --target NAME  only this one:
                 ${names.join("\n                 ")}
  --help         this text

An input that breaks a promise is made as small as can be and kept in test/fuzz/regressions, where the tests play it from
then on. Exit code: 1 if there was one, 2 if the options cannot be understood.`
const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target)
const isUnderstood = Number.isSafeInteger(inputs) && inputs > 0 && Number.isSafeInteger(seed) && targets.length > 0

if (values.help || !isUnderstood) {
  console[values.help ? "log" : "error"](usage)
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
