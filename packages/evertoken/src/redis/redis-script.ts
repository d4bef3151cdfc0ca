import { createHash } from "node:crypto"

/** What runs in the server, as one step. `ARGV[1]` is the time by another clock than the server's, or empty. */
export interface RedisScript {
  readonly lua: string
  /** By which the server knows it once it has run. */
  readonly sha: string
}

// every answer begins with the time: the caller learns by how much the clocks differ
const NOW = `
local now = ARGV[1]
if now == '' then
  local time = redis.call('TIME')
  now = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
end`

/** A script that can use `now`, in epoch milliseconds as text, and answers with a list of texts that begins with it. */
export function redisScript(lua: string): RedisScript {
  const text = `${NOW}\n${lua.trim()}\n`
  return { lua: text, sha: createHash("sha1").update(text).digest("hex") }
}
