import { chmod, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"

/** In place of `systemd-notify`: it writes down what it is to tell. */
export class NotifyTool {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
  }

  static async in(directory: string, { exitCode = 0 }: { readonly exitCode?: number } = {}): Promise<NotifyTool> {
    const tool = join(directory, "systemd-notify")
    const script = `#!/bin/sh\necho "$@" >> "${directory}/told"\nexit ${exitCode}\n`
    await writeFile(tool, script)
    await chmod(tool, 0o700)
    return new NotifyTool(directory)
  }

  /** With these it is found. */
  get env() {
    return { NOTIFY_SOCKET: "/run/systemd/notify", PATH: `${this.#directory}:${process.env["PATH"] ?? ""}` }
  }

  /** What was told so far, in its order. */
  async told(): Promise<readonly string[]> {
    const text = await readFile(join(this.#directory, "told"), "utf8").catch(() => "")
    return text.split("\n").filter((line) => line !== "")
  }
}
