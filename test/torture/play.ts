import type { Peer } from "./peers.js"
import { Stage, type Scenario, type Verdict } from "./scenario.js"

/** One peer in one scenario, with a token server of its own. */
export async function play(peer: Peer, scenario: Scenario): Promise<Verdict> {
  await using stage = await Stage.set(peer)
  return await scenario.run(stage)
}
