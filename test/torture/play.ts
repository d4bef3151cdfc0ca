import type { Peer } from "./peers.js"
import { Stage, type Casting, type Scenario, type Verdict } from "./scenario.js"

/** What the file of a peer says of its options: for a scenario how they are written, and what they are. */
interface PeerModule {
  readonly options?: Readonly<Record<string, readonly [text: string, options: object]>>
}

/**
 * One peer in one scenario, with a token server of its own. Where it does not hold up, and has an option for that, once more with
 * the option.
 */
export async function play(peer: Peer, scenario: Scenario): Promise<Verdict> {
  const verdict = await playOnce({ peer, scenario })
  if (verdict.mark !== "not") return verdict
  const { options } = (await import(peer.module)) as PeerModule
  const [text] = options?.[scenario.name] ?? []
  if (text === undefined) return verdict
  const { mark, seen } = await playOnce({ peer, scenario, withOptions: true })
  return { mark: mark === "ok" ? "option" : "not", seen: `${verdict.seen}; with \`${text}\`: ${seen}` }
}

async function playOnce(casting: Casting): Promise<Verdict> {
  await using stage = await Stage.set(casting)
  return await casting.scenario.run(stage)
}
