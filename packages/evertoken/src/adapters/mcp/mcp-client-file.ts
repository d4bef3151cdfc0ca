import { randomUUID } from "node:crypto"
import { readFile, rename, rm, writeFile } from "node:fs/promises"
import { systemErrorCode } from "../../errors.js"
import type { McpClient, McpClientStore } from "./mcp-client.js"

/**
 * A registration in a file that only its owner can read. Processes may share it: whoever reads sees a whole one, and the
 * last one written stays. Rejects with a system error if it cannot be read or written; what is no registration counts as
 * none, and is replaced by the next one.
 */
export class McpClientFile implements McpClientStore {
  readonly #path: string

  /** @throws TypeError unless `path` is one. */
  constructor(path: string) {
    if (typeof path !== "string" || path === "") throw new TypeError("path must be that of a file")
    this.#path = path
  }

  async read(): Promise<McpClient | undefined> {
    return registrationOf(await this.#text())
  }

  async write(client: McpClient | undefined): Promise<void> {
    if (client === undefined) return rm(this.#path, { force: true })
    const temporary = `${this.#path}.${randomUUID()}.tmp`
    try {
      await writeFile(temporary, JSON.stringify(client), { flag: "wx", mode: 0o600, flush: true })
      await rename(temporary, this.#path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.#path, "utf8")
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return ""
      throw error
    }
  }
}

function registrationOf(text: string): McpClient | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRegistration(value) ? value : undefined
  } catch {
    return undefined // the parser's message would show what is in it
  }
}

function isRegistration(value: unknown): value is McpClient {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "client_id") === "string"
}
