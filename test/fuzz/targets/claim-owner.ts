import fc from "fast-check"
import { decodeOwner, encodeOwner, stateOf } from "../../../packages/evertoken/src/file/claim-owner.js"
import { parseClaimFile } from "../../../packages/evertoken/src/file/claim-names.js"
import { generationsIn } from "../../../packages/evertoken/src/file/generations.js"
import { currentProcess } from "../../../packages/evertoken/src/file/process-identity.js"
import { anyBytes, bytesOf, damaged, objectText, oddText, text, textOf } from "../arbitraries.js"
import type { FuzzTarget } from "../fuzz-target.js"
import { promise } from "../promises.js"

const here = await currentProcess()
// an input that is kept as a regression is not to tell on which machine it was found
const local = here.local && { ...here.local, boot: "boot", pidNamespace: "pid:[1]" }
const me = { ...here, instance: "instance", host: "host", local }
const sound = encodeOwner({ ...me, instance: "another", flight: "flight", abandoned: false }, 1)

const owners = objectText({
  evertoken: text(1),
  instance: text("another", me.instance),
  host: text(me.host),
  platform: text(me.platform, "darwin", "win32"),
  flight: text("flight"),
  pid: text(me.pid, 2 ** 31, 2 ** 53 - 1, 1),
  local: text(me.local, { ...me.local, startTime: 0 }, { ...me.local, thread: 2 ** 40 }),
  abandoned: text(true, false),
})

const STATES = ["alive", "gone", "unknown"]

/** A claim, which says whose it is. To ask whether that process lives must touch nothing. */
export const claimOwner: FuzzTarget = {
  name: "claim-owner",
  share: 80,
  inputs: fc.oneof(
    { weight: 3, arbitrary: bytesOf(owners) },
    { weight: 2, arbitrary: damaged(fc.constant(new Uint8Array(sound))) },
    anyBytes,
  ),
  check: async (input) => {
    const owner = decodeOwner(Buffer.from(input))
    const state = await stateOf(owner, me)
    promise(STATES.includes(state), "an owner is alive, gone, or not to be seen from here")
    if (owner === undefined) return
    promise(owner.pid > 0 && owner.pid < 2 ** 31, "a pid is one process")
    const isMine = owner.pid === me.pid && owner.local?.thread === me.local?.thread
    const isSaidDead = owner.abandoned || owner.instance === me.instance
    if (state === "alive") promise(isMine || owner.pid !== me.pid, "another thread of this process is not the owner")
    if (isSaidDead) promise(state === "gone", "an owner that gave up is gone")
  },
}

const names = fc.oneof(
  fc.tuple(fc.constantFrom("gen-", "claim-", "tomb-"), oddText).map(([prefix, rest]) => prefix + rest),
  fc.integer().map((n) => `gen-${n}`),
  fc
    .tuple(fc.string({ unit: fc.constantFrom("0", "9", "a", "f") }), fc.integer())
    .map(([what, n]) => `claim-${what}.${n}.sent`),
  oddText,
)

/** The names of the files beside a store. */
export const fileNames: FuzzTarget = {
  name: "file-names",
  share: 20,
  inputs: fc.oneof(bytesOf(names), damaged(bytesOf(names))),
  check: (input) => {
    const name = textOf(input)
    for (const generation of generationsIn([name])) {
      promise(`gen-${generation}` === name, "a generation has one name")
      promise(Number.isSafeInteger(generation + 1), "a generation can be counted on")
    }
    const claim = parseClaimFile(name)
    if (claim === undefined) return
    const ending = { claim: "", mark: ".sent", heartbeat: ".lock" }[claim.kind]
    promise(`claim-${claim.what}.${claim.n}${ending}` === name, "a file of a claim has one name")
  },
}
