import path from "node:path"
import { ESLint } from "eslint"
import tseslint from "typescript-eslint"
import { describe, expect, it } from "vitest"

const root = path.resolve(import.meta.dirname, "../..")
const src = path.join(root, "packages/evertoken/src")

const RESTRICTED = "import-x/no-restricted-paths"
const BY_NAME = "@typescript-eslint/no-restricted-imports"

const eslint = new ESLint({
  cwd: root,
  // The direction needs no types, and reading them takes seconds.
  overrideConfig: [tseslint.configs.disableTypeChecked],
  ruleFilter: ({ ruleId }) => ruleId.startsWith("import-x/") || ruleId === BY_NAME,
})

async function complaints(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: path.join(src, file) })
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message)
}

describe("the linter refuses an import against the direction", () => {
  it.each([
    ["token.ts", `import "./token-source.js"`],
    ["errors.ts", `import type { Token } from "./renewal.js"`],
    ["clock.ts", `export { sleep } from "./testing/index.js"`],
    ["token-cache.ts", `import "./cached-token-source.js"`],
    ["token-lifetime.ts", `await import("./renewal.js")`],
    ["renewal.ts", `import "./cached-token-source.js"`],
    ["single-flight.ts", `import type { TokenWatcher } from "./token-watcher.js"`],
    ["cached-token-source.ts", `import "./token-watcher.js"`],
    ["token.ts", `import "./events.js"`],
    ["errors.ts", `import type { TokenEvents } from "./events.js"`],
    ["clock.ts", `import "./random.js"`],
    ["milliseconds.ts", `import "./jitter.js"`],
    ["events.ts", `import "./random.js"`],
    ["events.ts", `import type { TokenSource } from "./token-source.js"`],
    ["random.ts", `import "./events.js"`],
    ["renewal.ts", `import "./watched-token.js"`],
    ["renewal.ts", `import "./watcher-state.js"`],
    ["cool-down.ts", `import "./slice-timer.js"`],
    ["renewal.ts", `import "./first-token.js"`],
    ["renewal-plan.ts", `import "./renewal-schedule.js"`],
    ["cached-token-source.ts", `import "./renewal-setbacks.js"`],
    ["cached-token-source.ts", `import type { TokenPublication } from "./token-publication.js"`],
    ["cached-token-source.ts", `import "./watcher-options.js"`],
    ["cached-token-source-options.ts", `import "./cached-token-source.js"`],
    ["watcher-loop.ts", `import "./oauth2/client-credentials-source.js"`],
    ["renewal.ts", `import "./oauth2/index.js"`],
    ["renewal.ts", `import "./index.js"`],
    ["file/file-token-cache.ts", `import "../oauth2/client-credentials-source.js"`],
    ["file/file-token-cache.ts", `import "../index.js"`],
    ["oauth2/client-credentials-source.ts", `import "./index.js"`],
    ["http/create-fetch.ts", `import "../testing/virtual-clock.js"`],
    ["token.test.ts", `import "./oauth2/client-credentials-source.js"`],
    ["file/file-token-cache.test.ts", `import "../oauth2/client-credentials-source.js"`],
  ])("%s: %s", async (file, code) => {
    expect(await complaints(file, code)).toContain(RESTRICTED)
  })
})

describe("the linter allows an import along the direction", () => {
  it.each([
    ["token.ts", `import "./errors.js"`],
    ["token-cache.ts", `import "./token.js"`],
    ["renewal.ts", `import "./single-flight.js"`],
    ["cached-token-source.ts", `import "./renewal.js"`],
    ["token-watcher.ts", `import "./cached-token-source.js"`],
    ["token-watcher.ts", `import "./watcher-loop.js"`],
    ["watcher-loop.ts", `import "./watched-token.js"`],
    ["first-token.ts", `import "./cached-token-source.js"`],
    ["jitter.ts", `import "./random.js"`],
    ["token-lifetime.ts", `import "./events.js"`],
    ["error-backoff.ts", `import "./milliseconds.js"`],
    ["events.ts", `import type { Token } from "./token.js"`],
    ["events.ts", `import { channel } from "node:diagnostics_channel"`],
    ["index.ts", `import "./token-watcher.js"`],
    ["file/file-token-cache.ts", `import "../token-cache.js"`],
    ["file/index.ts", `export * from "./file-token-cache.js"`],
    ["file/file-token-cache.test.ts", `import "../testing/token-cache-contract.js"`],
    ["token.test.ts", `import "./testing/virtual-clock.js"`],
  ])("%s: %s", async (file, code) => {
    expect(await complaints(file, code)).toEqual([])
  })
})

describe("the linter refuses the package by its own name, which is what was built last", () => {
  it.each([
    ["renewal.ts", `import { Token } from "evertoken"`],
    ["renewal.ts", `export * from "evertoken"`],
    ["token-watcher.ts", `import type { Token } from "evertoken/testing"`],
    ["events.ts", `import type { Token } from "evertoken"`],
    ["index.ts", `export { VirtualClock } from "evertoken/testing"`],
    ["oauth2/token-endpoint.ts", `import "evertoken"`],
    ["testing/internal/simulation.ts", `import "evertoken/file"`],
    ["token.test.ts", `import "evertoken"`],
    ["file/file-token-cache.test.ts", `import "evertoken/testing"`],
  ])("%s: %s", async (file, code) => {
    expect(await complaints(file, code)).toContain(BY_NAME)
  })
})

it("the events import types only", async () => {
  expect(await complaints("events.ts", `import { Token } from "./token.js"`)).toEqual([BY_NAME])
  expect(await complaints("events.ts", `import "./errors.js"`)).toEqual([BY_NAME])
})

it("an import that leads nowhere is refused, since no direction could be told of it", async () => {
  expect(await complaints("renewal.ts", `import "./nowhere.js"`)).toContain("import-x/no-unresolved")
})
