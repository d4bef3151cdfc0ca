// Where an application stores what a peer gives it to store: a file that another process finds whole, or not at all.
import { randomUUID } from "node:crypto"
import { readFile, rename, writeFile } from "node:fs/promises"

/** What was stored, or `otherwise`. */
export const load = (file, otherwise) => readFile(file, "utf8").then(JSON.parse, () => otherwise)

export async function save(file, value) {
  const temporary = `${file}.${randomUUID()}`
  await writeFile(temporary, JSON.stringify(value))
  await rename(temporary, file)
}
