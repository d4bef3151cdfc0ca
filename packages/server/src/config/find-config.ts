import { access } from "node:fs/promises"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { ConfigError } from "./config-error.js"
import { memberOf } from "./member-of.js"
import { absolute } from "./places.js"

/**
 * The file of the configuration, where none was given: `$EVERTOKEN_CONFIG`, or the first that is there of
 * `./evertoken.yaml`, `$XDG_CONFIG_HOME/evertoken/evertoken.yaml` (`~/.config`) and `/etc/evertoken/evertoken.yaml`.
 * @returns a promise that rejects with a `ConfigError` that names these places, if it is in none of them.
 */
export async function findConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
  cwd = process.cwd(),
): Promise<string> {
  const named = env["EVERTOKEN_CONFIG"]
  if (named) return resolve(cwd, named)
  const ofUser = absolute(env["XDG_CONFIG_HOME"]) ?? join(env["HOME"] ?? homedir(), ".config")
  const places = [cwd, join(ofUser, "evertoken"), "/etc/evertoken"].map((directory) =>
    join(directory, "evertoken.yaml"),
  )
  for (const place of places) {
    if (await isThere(place)) return place
  }
  const [here = "", ...others] = places
  const message = `is not there, nor is ${others.join(" or ")}: \`evertoken init\` writes one, or give --config`
  throw new ConfigError(here, [{ field: "", message }])
}

async function isThere(path: string): Promise<boolean> {
  // one that is there but cannot be read is not passed over
  return access(path).then(
    () => true,
    (error: unknown) => memberOf(error, "code") !== "ENOENT",
  )
}
