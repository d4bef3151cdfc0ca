import path from "node:path"
import { ESLint } from "eslint"
import tseslint from "typescript-eslint"
import { describe, expect, it } from "vitest"

const root = path.resolve(import.meta.dirname, "../..")
const src = path.join(root, "packages/evertoken/src")

const eslint = new ESLint({
  cwd: root,
  // The direction needs no types, and reading them takes seconds.
  overrideConfig: [tseslint.configs.disableTypeChecked],
  ruleFilter: ({ ruleId }) => ruleId.startsWith("import-x/"),
})

async function complaints(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: path.join(src, file) })
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message)
}

const RESTRICTED = "import-x/no-restricted-paths"

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
    ["index.ts", `import "./token-watcher.js"`],
    ["file/file-token-cache.ts", `import "../token-cache.js"`],
    ["file/index.ts", `export * from "./file-token-cache.js"`],
    ["file/file-token-cache.test.ts", `import "../testing/token-cache-contract.js"`],
    ["token.test.ts", `import "./testing/virtual-clock.js"`],
  ])("%s: %s", async (file, code) => {
    expect(await complaints(file, code)).toEqual([])
  })
})

it("an import that leads nowhere is refused, since no direction could be told of it", async () => {
  expect(await complaints("renewal.ts", `import "./nowhere.js"`)).toContain("import-x/no-unresolved")
})
