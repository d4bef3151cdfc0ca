import { execFile } from "node:child_process"
import { access, mkdir, writeFile } from "node:fs/promises"
import path from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

/** The program of a version of Node.js, from npm: installed when it is asked for first. */
export async function nodeBinary(version: string): Promise<string> {
  const isWindows = process.platform === "win32"
  const name = `node-${isWindows ? "win" : process.platform}-${process.arch}`
  const directory = path.join(import.meta.dirname, "node_modules/.nodes", version)
  const binary = path.join(directory, "node_modules", name, "bin", isWindows ? "node.exe" : "node")
  const isInstalled = await access(binary).then(
    () => true,
    () => false,
  )
  if (isInstalled) return binary
  await mkdir(directory, { recursive: true })
  await writeFile(path.join(directory, "package.json"), `{ "private": true }\n`)
  // npm is a .cmd file on Windows, so a shell starts it.
  const options = "--prefer-offline --ignore-scripts --no-audit --no-fund"
  await run(`npm install ${options} ${name}@${version}`, { cwd: directory, shell: true })
  return binary
}
