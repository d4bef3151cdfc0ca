import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    reporters: ["default", "json"],
    outputFile: { json: "reports/tests.json" },
    // It ends what hangs, and nothing else: files are really flushed, on a disk that others use, too.
    testTimeout: 30_000,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/index.ts", "src/**/*.test.ts", "src/testing/**"],
      reporter: ["text", "html"],
      reportsDirectory: "coverage",
      thresholds: { lines: 95, branches: 90 },
    },
  },
})
