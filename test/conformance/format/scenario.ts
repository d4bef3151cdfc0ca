import { z } from "zod"
import { given } from "./given.js"
import { step } from "./step.js"

/** One scenario: where it begins, what happens, and what is to be so. */
export const scenario = z.strictObject({
  /** The promise it checks. Unique in its directory. */
  name: z.string().min(1),
  /** Why that matters: a section of the design, or a failure that others had. */
  why: z.string().min(1),
  /** What it stands for in the tables of the README: `"P1"`, `"claim-timeout"`. */
  covers: z.array(z.string()).optional(),
  /** Played against these stores only. Say why in `why`. */
  stores: z.array(z.string()).nonempty().optional(),
  given: given.optional(),
  steps: z.array(step).nonempty(),
})

/** One file of them. */
export const scenarioFile = z.strictObject({
  $schema: z.string().optional(),
  about: z.string().min(1),
  scenarios: z.array(scenario).nonempty(),
})

export type Scenario = z.infer<typeof scenario>
