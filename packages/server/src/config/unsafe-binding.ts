import type { ListenConfig } from "./config.js"
import { isLoopback } from "./loopback.js"

/** What there is to say of an address that other machines reach, which only `--unsafe-bind` allows; else undefined. */
export function unsafeBinding({ tcp }: ListenConfig): string | undefined {
  if (tcp === undefined || isLoopback(tcp.address)) return undefined
  return `listen.tcp.address is ${tcp.address}, which other machines reach: say --unsafe-bind if they are meant to`
}
