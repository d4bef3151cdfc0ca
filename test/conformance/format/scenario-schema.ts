import { z } from "zod"
import { scenarioFile } from "./scenario.js"

/** The format as a JSON Schema, which editors use to check and complete a scenario while it is written. */
export function scenarioJsonSchema(): object {
  return z.toJSONSchema(scenarioFile, { io: "input", reused: "ref" })
}
