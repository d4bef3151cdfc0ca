import { redisScript } from "./redis-script.js"
import type { ScriptRunner } from "./script-runner.js"

// a user who may not see it is not told
const INFO = redisScript(`
local answer = {now}
for i, section in ipairs({'memory', 'persistence'}) do
  local info = redis.pcall('INFO', section)
  answer[i + 1] = type(info) == 'string' and info or ''
end
return answer
`)

/** What of the server's settings may lose a token, in words. */
export async function durabilityProblems(runner: ScriptRunner, key: string): Promise<readonly string[]> {
  const { texts } = await runner.run({ doing: "see how durable it is", script: INFO, key })
  const info = texts.join("\n")
  const [limit, policy, appendOnly] = ["maxmemory", "maxmemory_policy", "aof_enabled"].map((name) =>
    valueOf(info, name),
  )
  const mayEvict = limit !== undefined && limit !== "0" && policy !== "noeviction"
  return [
    ...(mayEvict ? [`maxmemory-policy is ${policy}: tokens or claims may be evicted. Set noeviction`] : []),
    ...(appendOnly === "0" ? ["appendonly is no: a crash loses what was written last. Set appendonly yes"] : []),
  ]
}

function valueOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([\\w-]+)`, "m").exec(info)?.[1]
}
