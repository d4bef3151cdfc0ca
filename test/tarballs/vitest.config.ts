import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    globalSetup: "pack.ts",
    reporters: ["default", "json"],
    outputFile: { json: "reports/tests.json" },
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
  },
})
