import { stat } from "node:fs/promises"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { ConfigError } from "./config-error.js"
import { memberOf } from "./member-of.js"
import { absolute } from "./places.js"

export interface FindConfigOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Somebody else has chosen the directory, such as a repository that git is in: what lies there is nobody's word. Default false. */
  readonly isForeign?: boolean | undefined
}

/**
 * The file of the configuration, where none was given: `$EVERTOKEN_CONFIG`, or the first that is there of
 * `./evertoken.yaml`, `$XDG_CONFIG_HOME/evertoken/evertoken.yaml` (`~/.config`) and `/etc/evertoken/evertoken.yaml`. It says which
 * secrets are sent where: the first of these is passed over in a foreign directory, and refused if it is another user's.
 * @returns a promise that rejects with a `ConfigError` that names these places, if it is in none of them.
 */
export async function findConfig({
  env = process.env,
  cwd = process.cwd(),
  isForeign = false,
}: FindConfigOptions = {}): Promise<string> {
  const named = env["EVERTOKEN_CONFIG"]
  if (named) return resolve(cwd, named)
  const ofUser = absolute(env["XDG_CONFIG_HOME"]) ?? join(env["HOME"] ?? homedir(), ".config")
  const directories = [...(isForeign ? [] : [cwd]), join(ofUser, "evertoken"), "/etc/evertoken"]
  const places = directories.map((directory) => join(directory, "evertoken.yaml"))
  for (const place of places) {
    const owner = await ownerOf(place)
    if (owner === undefined) continue
    if (place === join(cwd, "evertoken.yaml") && !isTrusted(owner)) {
      const problem =
        "belongs to another user, who could have your secrets sent anywhere: give it by --config to trust it"
      throw new ConfigError(place, [{ field: "", message: problem }])
    }
    return place
  }
  const [here = "", ...others] = places
  const message = `is not there, nor is ${others.join(" or ")}: \`evertoken init\` writes one, or give --config`
  throw new ConfigError(here, [{ field: "", message }])
}

/** One that is there but cannot be looked at is nobody's, and not passed over: reading it tells why. */
async function ownerOf(path: string): Promise<number | "nobody" | undefined> {
  return stat(path).then(
    ({ uid }) => uid,
    (error: unknown) => (memberOf(error, "code") === "ENOENT" ? undefined : "nobody"),
  )
}

function isTrusted(owner: number | "nobody"): boolean {
  const user = process.geteuid?.()
  return user === undefined || owner === "nobody" || owner === user || owner === 0
}
