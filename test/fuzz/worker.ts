// Fuzzes one target in a process of its own, which may hang or run out of memory without harm to the one that watches.
import { openSync, writeSync } from "node:fs"
import { fuzz } from "./fuzz-target.js"
import { TARGETS } from "./targets.js"
import { taskOf, type WorkerMessage } from "./worker-protocol.js"

const BATCH = 1_000

const { name, inputs, seed, lastInputFile } = taskOf(process.env)
const target = TARGETS.find((each) => each.name === name)
if (target === undefined) throw new Error(`there is no target ${name}`)

// length, then bytes: the next one overwrites it
const file = openSync(lastInputFile, "w", 0o600)
const length = Buffer.alloc(4)
const onInput = (input: Uint8Array) => {
  length.writeUInt32LE(input.byteLength)
  writeSync(file, Buffer.concat([length, input]), 0, undefined, 0)
}

const tell = (message: WorkerMessage) => process.send?.(message)

for (let done = 0; done < inputs;) {
  const batch = Math.min(BATCH, inputs - done)
  const finding = await fuzz(target, { inputs: batch, seed: seed + done, onInput })
  done += batch
  const heapMegabytes = Math.round(process.memoryUsage().heapUsed / 2 ** 20)
  tell({
    done,
    heapMegabytes,
    finding: finding && { ...finding, input: Buffer.from(finding.input).toString("base64") },
  })
  if (finding !== undefined) break
}
process.disconnect()
