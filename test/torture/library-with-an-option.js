// A library for the tests of the runner: it asks for a token at each read, unless it is told to keep the one it has.
import { requestToken } from "../peers/token-request.js"

export const options = {
  "four-minutes": ["keep: true", { keep: true }],
  "opaque-token": ["keep: false", { keep: false }],
}

export function token({ options: { keep = false }, ...settings }) {
  let kept
  return {
    async read() {
      if (kept === undefined || !keep) kept = await requestToken(settings)
      return kept.access_token
    },
  }
}
