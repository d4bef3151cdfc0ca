import type { Logger } from "pino"
import type { Subscription } from "rxjs"
import type { RegistryChange, TokenRegistry } from "../tokens/token-registry.js"
import type { TokenStatus } from "../tokens/token-status.js"
import type { NotifyCommand } from "./notify-command.js"

export interface SignInNeededOptions {
  readonly log: Logger
  readonly notify: NotifyCommand
  /** The command at this moment, and its arguments. */
  readonly command: () => readonly string[] | undefined
}

const NEEDED = "reauthentication-required"

/** Says so, once, whenever a grant has become one that only a person can repair: in the log, and by the user's command. */
export function tellSignInNeeded(registry: TokenRegistry, options: SignInNeededOptions): Subscription {
  const statuses = new Map<string, TokenStatus["status"]>()
  return registry.changes$.subscribe((change: RegistryChange) => {
    if ("removed" in change) {
      statuses.delete(change.removed)
      return
    }
    const { name, status } = change.status
    const before = statuses.get(name)
    statuses.set(name, status)
    if (status === NEEDED && before !== NEEDED) tell(change.status, options)
  })
}

function tell({ name, status, lastError }: TokenStatus, { log, notify, command }: SignInNeededOptions): void {
  const hint = lastError?.hint ?? ""
  log.error({ token: name, code: lastError?.code, hint }, "only a person can repair this grant")
  const configured = command()
  if (configured === undefined) return
  notify.run(configured, name, { EVERTOKEN_NAME: name, EVERTOKEN_STATUS: status, EVERTOKEN_HINT: hint })
}
