import { fileStore } from "../conformance/stores/file-store.js"
import type { ModelStep } from "../model/model-step.js"
import { did, isGeneration, isSide, isStore } from "./milestones.js"
import type { Replay } from "./replay.js"

/** A person signs out, in a process of its own. @returns whether it came so far. */
export async function signOut(replay: Replay, { detail }: ModelStep): Promise<boolean> {
  const person = replay.get("person")
  if (detail.startsWith("reads")) {
    // what it knows is the token that all have
    person.free()
    await person.call()
    person.hold()
    person.sights.length = 0
    person.signOut()
    await fileStore.settle()
    return replay.reach(person, { isIt: did("open", isGeneration) })
  }
  if (detail.startsWith("links")) return replay.reach(person, { isIt: did("link", isGeneration) })
  return replay.reach(person, { isIt: did("rename", isStore) })
}

/** Who signs in anew is here a process with a new refresh token in its configuration, which it spends. */
export async function signIn(replay: Replay, { detail }: ModelStep): Promise<boolean> {
  if (detail === "reads v0") {
    const newcomer = replay.start("signing-in", replay.issuer.grants.signIn())
    void newcomer.call()
    await fileStore.settle()
    const sent = await replay.reach(newcomer, { isIt: (sight) => sight.kind === "step" && sight.step === "sending" })
    const request = await replay.sent(newcomer)
    if (!sent || request === undefined) return false
    replay.issuer.process(request)
    request.deliver()
    await fileStore.settle()
    return true
  }
  const newcomer = replay.get("signing-in")
  if (detail.startsWith("links")) return replay.reach(newcomer, { isIt: did("link", isGeneration) })
  return replay.reach(newcomer, { isIt: did("readdir", isSide) })
}
