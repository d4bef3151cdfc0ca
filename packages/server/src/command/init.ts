import { writeFile } from "node:fs/promises"
import { configTemplate } from "../config/config-template.js"
import { memberOf } from "../config/member-of.js"
import { CommandError } from "./command-error.js"
import type { Terminal } from "./terminal.js"

/** Writes a commented configuration that only this user can change. */
export async function init(file: string, { stdout }: Terminal): Promise<void> {
  try {
    await writeFile(file, configTemplate, { flag: "wx", mode: 0o600 })
  } catch (error) {
    const code = String(memberOf(error, "code"))
    if (code === "EEXIST")
      throw new CommandError(`${file} is there already`, { hint: "Choose another name, or remove it." })
    throw new CommandError(`cannot write ${file}: ${code}`)
  }
  stdout.write(`${file} is written. Next: say there which tokens you need; evertoken check; evertoken serve\n`)
}
