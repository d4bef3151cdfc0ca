import { problem } from "./problem.js"

/** For the schema of each route: what is answered if not what was asked for. */
export const problems = {
  default: { description: "A problem (RFC 9457).", content: { "application/problem+json": { schema: problem } } },
} as const
