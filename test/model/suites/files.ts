import { mended, type Configuration } from "../configurations.js"
import type { Generations } from "../generations.js"

interface Outcomes {
  readonly singleUse: readonly string[]
  readonly signOut: readonly string[]
  readonly repeatable: readonly string[]
  readonly three: readonly string[]
  readonly deleted: readonly string[]
  readonly threeSingleUse: readonly string[]
}

const SOUND = { singleUse: [], signOut: [], repeatable: [], three: [], deleted: [], threeSingleUse: [] }

const OUTCOMES: Record<Generations, Outcomes> = {
  moved: { ...SOUND, signOut: ["I2"], repeatable: ["I2"], three: ["I2"], deleted: ["I1", "I2"] },
  copied: {
    singleUse: ["I2"],
    signOut: ["I2"],
    repeatable: ["I2"],
    three: ["I2"],
    deleted: ["I1", "I2"],
    threeSingleUse: ["I2"],
  },
  kept: SOUND,
  "previous-removed": {
    ...SOUND,
    singleUse: ["I2"],
    signOut: ["I2"],
    repeatable: ["I2"],
    deleted: ["I2"],
  },
  "highest-wins": SOUND,
}

/** Every way to commit to files. Two are sound; of these only the one that the design took leaves one file behind. */
export const FILES: readonly Configuration[] = Object.entries(OUTCOMES).flatMap(([name, outcomes]) => {
  const generations = name as Generations
  const repeatable = { generations, grant: "repeatable", overtakings: 1 } as const
  const three = { processes: 3, symmetry: true } as const
  return [
    mended(`${name}: single-use`, { generations, crashes: 1, rotations: 3 }, ...outcomes.singleUse),
    mended(`${name}: sign-out`, { generations, signOut: true, crashes: 1 }, ...outcomes.signOut),
    mended(`${name}: repeatable, overtaken`, { ...repeatable, crashes: 1, rotations: 3 }, ...outcomes.repeatable),
    mended(`${name}: repeatable, overtaken, 3 processes`, { ...repeatable, ...three }, ...outcomes.three),
    mended(`${name}: store file deleted`, { generations, deletions: 1 }, ...outcomes.deleted),
    mended(`${name}: single-use, 3 processes`, { generations, ...three, crashes: 1 }, ...outcomes.threeSingleUse),
  ]
})
