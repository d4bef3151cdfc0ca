import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { setImmediate as turn } from "node:timers/promises"

/** All that is in a directory at this moment, names included. What goes while it is read counts as not there. */
export async function copyOf(directory: string): Promise<Buffer> {
  const names = await readdir(directory, { recursive: true })
  const contents = names.map((name) => readFile(join(directory, name)).catch(() => Buffer.alloc(0)))
  return Buffer.concat([Buffer.from(names.join("\n")), ...(await Promise.all(contents))])
}

/** Takes copies of a directory one after the other, for as long as `action` takes. */
export async function copiesDuring(directory: string, action: () => Promise<unknown>): Promise<readonly Buffer[]> {
  const copies: Buffer[] = []
  const state = { isOver: false }
  const over = action().finally(() => (state.isOver = true))
  while (!state.isOver) {
    copies.push(await copyOf(directory))
    await turn()
  }
  await over
  return copies
}
