import { homedir, userInfo } from "node:os"
import { isAbsolute, join } from "node:path"

/** Where a server keeps what it has, and where clients find it. */
export interface Places {
  readonly stateDirectory: string
  /** A Unix socket, or a named pipe on Windows. */
  readonly socket: string
}

/** What the defaults come from; by default, this process. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  readonly platform?: NodeJS.Platform | undefined
  readonly home?: (() => string) | undefined
  readonly userName?: (() => string) | undefined
}

/**
 * As configured, or else: the directories that systemd gives a service (`StateDirectory=`, `RuntimeDirectory=`), or those of
 * the user (XDG Base Directory Specification).
 */
export function placesOf(
  configured: { readonly stateDirectory?: string | undefined; readonly socket?: string | undefined },
  surroundings: Surroundings = {},
): Places {
  const stateDirectory = configured.stateDirectory ?? defaultStateDirectory(surroundings)
  return { stateDirectory, socket: configured.socket ?? defaultSocket(stateDirectory, surroundings) }
}

function defaultStateDirectory({ env = process.env, home = homedir }: Surroundings): string {
  const ofUser = () => join(absolute(env["XDG_STATE_HOME"]) ?? join(home(), ".local", "state"), "evertoken")
  return firstOf(env["STATE_DIRECTORY"]) ?? ofUser()
}

function defaultSocket(stateDirectory: string, surroundings: Surroundings): string {
  const { env = process.env, platform = process.platform, userName = () => userInfo().username } = surroundings
  if (platform === "win32") return `\\\\.\\pipe\\evertoken-${userName()}`
  const ofService = firstOf(env["RUNTIME_DIRECTORY"])
  if (ofService !== undefined) return join(ofService, "evertoken.sock")
  const ofUser = absolute(env["XDG_RUNTIME_DIR"])
  return ofUser === undefined ? join(stateDirectory, "evertoken.sock") : join(ofUser, "evertoken", "evertoken.sock")
}

// systemd separates several by colons
function firstOf(directories: string | undefined): string | undefined {
  return absolute(directories?.split(":")[0])
}

/** The specification has relative ones ignored. */
export function absolute(directory: string | undefined): string | undefined {
  return directory !== undefined && isAbsolute(directory) ? directory : undefined
}
