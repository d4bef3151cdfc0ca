import { defineConfig } from "vitest/config"

// Packages of their own, with lock files of their own.
const APART = ["adapters/**", "tarballs/**"]

// What measures its own memory, handles or work: it runs when nothing else does.
const MEASURED = ["soak/**/*.test.ts", "hostile/memory.test.ts", "bench/**/*.test.ts"]

export default defineConfig({
  test: {
    reporters: ["default", "json"],
    outputFile: { json: "reports/tests.json" },
    // It ends what hangs, and nothing else: dozens of processes on a busy machine take minutes.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    projects: [
      {
        extends: true,
        test: {
          name: "crossing",
          include: ["**/*.test.ts"],
          exclude: ["**/node_modules/**", ...APART, ...MEASURED],
          maxWorkers: 2,
        },
      },
      // One at a time, and alone.
      {
        extends: true,
        test: { name: "measured", include: MEASURED, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
