import { spawn } from "node:child_process"
import { once } from "node:events"
import { describe, expect, onTestFinished, test } from "vitest"
import { SUBJECT, namesIn, openClaims, recordOf } from "../testing/internal/file-stores.js"

const NOTHING = { n: 0, owner: "none", othersAlive: false, sentAgoMs: undefined, rejected: false }

/** Another process that takes claim number 1, and does `then` with it. */
async function otherProcess(path: string, then: string) {
  const script = `
    import { FileTokenCache } from ${JSON.stringify(new URL("file-token-cache.ts", import.meta.url).href)}
    const claim = new FileTokenCache(${JSON.stringify(path)}).claim("key", ${JSON.stringify(SUBJECT)})
    await claim.take(1)
    ${then}
    process.stdout.write("ready")
    setInterval(() => {}, 60_000)`
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  const ended = once(child, "exit").then(() => expect.unreachable("the other process has ended too early"))
  await Promise.race([once(child.stdout, "data"), ended])
  return {
    async kill() {
      child.kill("SIGKILL")
      await ended.catch(() => undefined)
    },
  }
}

describe("a claim of another process", { timeout: 60_000 }, () => {
  test("is that of a living owner until that process is killed, and its mark stays", async () => {
    const { path, claim, cache, side } = await openClaims()
    const other = await otherProcess(path, "await claim.markSent()")
    expect(await claim().look()).toMatchObject({
      n: 1,
      owner: "alive",
      othersAlive: true,
      sentAgoMs: expect.any(Number) as number,
    })
    expect(await claim().take(1)).toBe(false)
    await other.kill()
    expect(await claim().look()).toMatchObject({
      n: 1,
      owner: "gone",
      othersAlive: false,
      sentAgoMs: expect.any(Number) as number,
    })
    const mine = claim()
    expect(await mine.take(2)).toBe(true)
    expect(await mine.look()).toMatchObject({
      n: 2,
      owner: "self",
      othersAlive: false,
      sentAgoMs: expect.any(Number) as number,
    })
    await cache.commit("key", recordOf(1), { expected: undefined })
    await mine.release("all")
    expect(await namesIn(side, "claim-")).toEqual([])
  })

  test("of which nothing was sent says so when its owner is dead", async () => {
    const { path, claim } = await openClaims()
    const other = await otherProcess(path, "")
    await other.kill()
    expect(await claim().look()).toEqual({ ...NOTHING, n: 1, owner: "gone" })
  })

  test("that was a worker thread of this one ends with the thread", async () => {
    const { path, claim } = await openClaims()
    const other = await otherProcess(
      path,
      `const { Worker } = await import("node:worker_threads")
       await claim.release("own")
       const worker = new Worker(\`
         import { register } from "tsx/esm/api"
         import { parentPort } from "node:worker_threads"
         register()
         const { FileTokenCache } = await import(${JSON.stringify(new URL("file-token-cache.ts", import.meta.url).href)})
         await new FileTokenCache(${JSON.stringify(path)}).claim("key", ${JSON.stringify(SUBJECT)}).take(1)
         parentPort.postMessage("taken")
         setInterval(() => {}, 60_000)\`, { eval: true })
       await new Promise((resolve) => worker.once("message", resolve))
       const seen = new FileTokenCache(${JSON.stringify(path)}).claim("key", ${JSON.stringify(SUBJECT)})
       const { owner } = await seen.look()
       await worker.terminate()
       if (owner !== "alive" || (await seen.look()).owner !== "gone") process.exit(1)`,
    )
    expect(await claim().look()).toEqual({ ...NOTHING, n: 1, owner: "gone" })
    await other.kill()
  })
})
