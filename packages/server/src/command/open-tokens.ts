import { connect } from "node:net"
import type { Clock } from "evertoken"
import type { Config } from "../config/config.js"
import { memberOf } from "../config/member-of.js"
import { placesOf } from "../config/places.js"
import { CommandError } from "./command-error.js"
import { LocalTokens } from "./local-tokens.js"
import { RemoteTokens } from "./remote-tokens.js"
import type { TokenService } from "./token-service.js"

/** The server's tokens, if one is running where the configuration says; else the work is done here. */
export async function openTokens(config: Config, clock: Clock): Promise<TokenService> {
  return (await isServed(config)) ? new RemoteTokens(socketOf(config)) : LocalTokens.open(config, clock)
}

/** Whether a server is running where the configuration says. @throws CommandError if that cannot be told. */
export function isServed(config: Config): Promise<boolean> {
  return isAnswered(socketOf(config))
}

/** Where a server of this configuration is found. */
export function socketOf({ stateDirectory, listen }: Config): string {
  return placesOf({ stateDirectory, socket: listen.socket }).socket
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", (error) => {
      const code = String(memberOf(error, "code"))
      if (["ENOENT", "ECONNREFUSED", "ENOTDIR"].includes(code)) return resolve(false)
      const hint = "It may be another user's: look at its permissions, or choose another with --config."
      reject(new CommandError(`cannot reach the socket ${path}: ${code}`, { hint }))
    })
  })
}
