import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join as joinPaths } from "node:path"
import fc from "fast-check"
import { onTokenEvent } from "../../../packages/evertoken/src/events.js"
import { FileTokenCache } from "../../../packages/evertoken/src/file/file-token-cache.js"
import { FileTokenSource } from "../../../packages/evertoken/src/file/file-token-source.js"
import { decodeRecord, HIGHEST_GENERATION } from "../../../packages/evertoken/src/stored-record.js"
import type { StoredToken } from "../../../packages/evertoken/src/token-cache.js"
import { Token } from "../../../packages/evertoken/src/token.js"
import { join } from "../arbitraries.js"
import type { FuzzTarget } from "../fuzz-target.js"
import { promise, promiseToken, promiseUntold } from "../promises.js"
import { recordInputs, soundRecord } from "./stored-record.js"

/** Where the bytes are, and what else there is. */
const SCENES = [
  { file: "token.json" },
  { file: "token.json.d/gen-7" },
  { file: "token.json.d/gen-8", beside: { "token.json": soundRecord(7), "token.json.d/gen-7": soundRecord(7) } },
  { file: "token.json", beside: { "token.json.d/gen-7": soundRecord(7) } },
] as const

/** Any bytes in the file of a cache, or beside it. The first byte chooses the scene. */
export const fileCache: FuzzTarget = {
  name: "file-cache",
  share: 5,
  inputs: fc.tuple(fc.nat(SCENES.length - 1), recordInputs).map(([first, rest]) => join(Uint8Array.of(first), rest)),
  check: async (input) => {
    const directory = mkdtempSync(joinPaths(tmpdir(), "evertoken-fuzz-"))
    const heard: unknown[] = []
    const end = onTokenEvent("cache-failed", (event) => heard.push(event))
    try {
      await checkScene(directory, SCENES[(input[0] ?? 0) % SCENES.length] ?? SCENES[0], input.slice(1))
      promiseUntold(heard, "an event")
    } finally {
      end()
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

async function checkScene(directory: string, scene: (typeof SCENES)[number], bytes: Uint8Array): Promise<void> {
  const put = (name: string, content: Uint8Array) => writeFileSync(joinPaths(directory, name), content, { mode: 0o600 })
  mkdirSync(joinPaths(directory, "token.json.d"), { mode: 0o700 })
  put(scene.file, bytes)
  for (const [name, content] of Object.entries("beside" in scene ? scene.beside : {})) put(name, content)

  const path = joinPaths(directory, "token.json")
  const cache = new FileTokenCache(path)
  const found = await cache.get("key")
  const isTorn = decodeRecord(Buffer.from(bytes)).record === undefined
  if (found?.token !== undefined) promiseToken(found.token)
  if (scene === SCENES[2] && isTorn) promise(found === undefined, "nothing older is served in place of the newest")
  if (scene === SCENES[3] && isTorn) promise(found?.version.id === "id-7", "a torn copy does not hide the record")
  if (isTorn) promiseAside(directory, bytes)
  await new FileTokenSource(path).getToken().catch((error: unknown) => {
    promise(error instanceof Error && error.name === "TokenError", "a failure is a TokenError")
    promiseUntold(error, "a failure")
  })

  // nobody has counted so far: it is refused loudly rather than written where nobody finds it
  if ((found?.version.generation ?? 0) >= HIGHEST_GENERATION) return
  const next = recordAfter(found)
  const commit = await cache.commit("key", next, { expected: found?.version })
  promise(commit.committed, "whatever was there, the next one can be written")
  const again = await new FileTokenCache(path).get("key")
  promise(again?.version.id === next.version.id, "what was written can be read")
  promise(again.version.generation > (found?.version.generation ?? 0), "generations grow")
  if (isTorn) promiseAside(directory, bytes)
}

function recordAfter(found: StoredToken | undefined): StoredToken {
  const version = { lineage: "next", generation: (found?.version.generation ?? 0) + 1, id: "next" }
  const token = new Token({ accessToken: "next", issuedAt: 0, staleAt: 1, expiresAt: 2 })
  return { version, token, lineages: [] }
}

function promiseAside(directory: string, bytes: Uint8Array): void {
  const side = joinPaths(directory, "token.json.d")
  const asides = readdirSync(side).filter((name) => name.startsWith("aside-"))
  const isKept = asides.some((name) => readFileSync(joinPaths(side, name)).equals(bytes))
  promise(isKept, "what could not be read is kept aside")
}
