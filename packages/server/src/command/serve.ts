import type { Logger } from "pino"
import { build as prettyStream } from "pino-pretty"
import { ConfigError } from "../config/config-error.js"
import type { Config } from "../config/config.js"
import { readConfig } from "../config/read-config.js"
import { unsafeBinding } from "../config/unsafe-binding.js"
import { createLog } from "../http/log.js"
import { RunningServer } from "../process/running-server.js"
import { ServiceManager } from "../process/service-manager.js"
import { CommandError, EXIT } from "./command-error.js"
import { configurationOf, type ConfigOption } from "./configuration.js"
import { ShutdownSignals } from "./shutdown-signals.js"
import type { Terminal } from "./terminal.js"

export interface ServeOptions extends ConfigOption {
  readonly unsafeBind?: boolean
}

const NOT_ENCRYPTED =
  "tokens are NOT encrypted where they are kept: set encryption.keys (openssl rand -base64 32 makes a key)"

/** Serves until a signal ends it. */
export async function serve(options: ServeOptions, terminal: Terminal): Promise<void> {
  const { stderr, clock } = terminal
  const { file, config } = await configurationOf(options)
  assertBinding(config, options)
  const log = logOf(config, terminal)
  using signals = new ShutdownSignals()
  using manager = new ServiceManager({ log, clock })
  const started = RunningServer.start(config, { log, clock, unsafeBind: options.unsafeBind ?? false })
  // one that cannot start is told of below
  const onHangUp = () =>
    void started.then(
      (server) => reload(server, file, { log, manager }),
      () => undefined,
    )
  process.on("SIGHUP", onHangUp)
  const server = await started
  for (const address of server.addresses) stderr.write(`evertoken: listening on ${address}\n`)
  stderr.write(`evertoken: ${keepingOf(server)}\n`)
  log.info({ addresses: server.addresses, tokens: server.tokenNames }, "serving")
  if (!server.isEncrypted) {
    log.warn(NOT_ENCRYPTED)
    stderr.write(`evertoken: WARNING: ${NOT_ENCRYPTED}\n`)
  }
  manager.ready(keepingOf(server))
  const signal = await signals.first
  log.info({ signal }, "ending")
  manager.stopping()
  await server.close()
  await manager.told()
  process.off("SIGHUP", onHangUp)
  log.info("ended")
}

interface Told {
  readonly log: Logger
  readonly manager: ServiceManager
}

async function reload(server: RunningServer, file: string, { log, manager }: Told): Promise<void> {
  manager.reloading()
  try {
    await server.reload(await readConfig(file))
  } catch (error) {
    const problems = error instanceof ConfigError ? error.message.split("\n") : [String(error)]
    log.error({ problems }, "the new configuration is not valid: all stays as it was")
  }
  manager.ready(keepingOf(server))
}

function keepingOf({ tokenNames }: RunningServer): string {
  return `keeping ${tokenNames.join(", ") || "no tokens"}`
}

function assertBinding({ listen }: Config, { unsafeBind = false }: ServeOptions): void {
  const problem = unsafeBind ? undefined : unsafeBinding(listen)
  if (problem !== undefined) throw new CommandError(problem, { exitCode: EXIT.usage })
}

function logOf({ log: { level, format } }: Config, { stdout }: Terminal): Logger {
  const isPretty = format === "pretty" || (format === undefined && stdout.isTTY === true)
  return isPretty ? createLog({ level }, prettyStream({ sync: true })) : createLog({ level })
}
