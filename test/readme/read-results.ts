import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { ROOT } from "./documents.js"
import { RESULT_FILES, type Results } from "./readme-tables.js"

/** The results as they are in the repository. */
export async function readResults(): Promise<Results> {
  const bench = join(ROOT, RESULT_FILES.bench)
  return {
    torture: await readFile(join(ROOT, RESULT_FILES.torture), "utf8"),
    bench: existsSync(bench) ? await readFile(bench, "utf8") : undefined,
  }
}
