import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    reporters: ["default", "json"],
    outputFile: { json: "reports/tests.json" },
    // Each file starts real processes and servers of its own: two at once would count each other's load as their own.
    fileParallelism: false,
    // It ends what hangs, and nothing else: dozens of processes on a busy machine take minutes.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
})
