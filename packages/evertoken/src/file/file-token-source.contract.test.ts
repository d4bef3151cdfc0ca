import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, test } from "vitest"
import { tokenSourceContract } from "../testing/token-source-contract.js"
import { FileTokenSource } from "./file-token-source.js"

const ACCESS_TOKEN = "s3cret-access-token"

const contents: readonly (readonly [string, string])[] = [
  ["the bare token", ACCESS_TOKEN],
  ["JSON", JSON.stringify({ access_token: ACCESS_TOKEN, refresh_token: "s3cret-refresh-token", expires_in: 3600 })],
]

describe.each(contents)("FileTokenSource with %s keeps the contract of a token source", (_, content) => {
  tokenSourceContract({
    test,
    waits: false,
    create: async () => {
      const directory = await mkdtemp(join(tmpdir(), "evertoken-"))
      const path = join(directory, "token")
      await writeFile(path, content)
      return {
        source: new FileTokenSource(path),
        secrets: [ACCESS_TOKEN, "s3cret-refresh-token", "s3cret-torn"],
        fail: () => writeFile(path, '{"access_token": "s3cret-torn'),
        dispose: () => rm(directory, { recursive: true }),
      }
    },
  })
})
