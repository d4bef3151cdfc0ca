import { expect, test } from "vitest"
import { compile, inDirectory, programOf } from "../readme/program.js"

test.each([
  ["README.md", "MCP"],
  ["README.md", "Azure, Google, AWS"],
])("the program of %s, %s, compiles as it is printed", async (readme, heading) => {
  await inDirectory(async (directory) => {
    await expect(compile(directory, await programOf(readme, heading))).resolves.toBeUndefined()
  }, "test/adapters")
})
