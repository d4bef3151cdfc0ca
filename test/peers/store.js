// Where an application stores what a peer gives it to store: a file that another process finds whole, or not at all.
import { randomUUID } from "node:crypto"
import { renameSync, writeFileSync } from "node:fs"
import { readFile, rename, writeFile } from "node:fs/promises"

/** What was stored, or `otherwise`. */
export const load = (file, otherwise) => readFile(file, "utf8").then(JSON.parse, () => otherwise)

export async function save(file, value) {
  const temporary = `${file}.${randomUUID()}`
  await writeFile(temporary, JSON.stringify(value))
  await rename(temporary, file)
}

/** For a peer that does not wait until it is stored. */
export function saveNow(file, value) {
  const temporary = `${file}.${randomUUID()}`
  writeFileSync(temporary, JSON.stringify(value))
  renameSync(temporary, file)
}
