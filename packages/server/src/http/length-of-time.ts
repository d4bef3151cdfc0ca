import { z } from "zod"
import { duration } from "../config/duration.js"

/** In a query: seconds, as HTTP has them, or as the configuration has it. Milliseconds once it is parsed. */
export const lengthOfTime = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?(ms|s|m|h|d)?$/, "must be seconds, or a number and a unit, such as 90s or 5m")
  .meta({ description: "Seconds, or a number and ms, s, m, h or d.", examples: ["300", "90s", "5m"] })
  .transform((text) => duration.parse(/\d$/.test(text) ? `${text}s` : text))
