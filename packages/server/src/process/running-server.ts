import { mkdir } from "node:fs/promises"
import { systemClock, type Clock, type Random } from "evertoken"
import type { FastifyInstance } from "fastify"
import type { Logger } from "pino"
import { configChanges } from "../config/config-changes.js"
import type { Config } from "../config/config.js"
import { namedSecret } from "../config/named-secret.js"
import { placesOf } from "../config/places.js"
import { buildServer } from "../http/build-server.js"
import { listenOnInherited } from "../http/listen-on-inherited.js"
import { listenOnSocket } from "../http/listen-on-socket.js"
import { listenOnTcp } from "../http/listen-on-tcp.js"
import { TokenRegistry } from "../tokens/token-registry.js"
import { ConfiguredStores } from "./configured-stores.js"
import { keyringOf } from "./keyring-of.js"
import { NotifyCommand } from "./notify-command.js"
import { tellSignInNeeded } from "./sign-in-needed.js"

export interface RunningServerOptions {
  readonly log: Logger
  readonly unsafeBind?: boolean
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

const CLOSE_TIMEOUT_MS = 10_000

/** A server that listens, and keeps the tokens of a configuration. */
export class RunningServer {
  /** Where clients find it. */
  readonly addresses: readonly string[]
  readonly isEncrypted: boolean
  readonly #parts: Parts
  #reloaded: Promise<void> = Promise.resolve()

  private constructor(addresses: readonly string[], isEncrypted: boolean, parts: Parts) {
    this.addresses = addresses
    this.isEncrypted = isEncrypted
    this.#parts = parts
  }

  /** @throws ListenError, or another Error that says in its message what cannot be had. Then nothing is left behind. */
  static async start(config: Config, options: RunningServerOptions): Promise<RunningServer> {
    const { log, clock = systemClock, random } = options
    const keyring = await keyringOf(config)
    const { stateDirectory } = placesOf({ stateDirectory: config.stateDirectory })
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
    const stores = new ConfiguredStores({ stateDirectory, keyring }, config.stores)
    const registry = new TokenRegistry({ stores, clock, random })
    const { tcp } = config.listen
    const apiKey = tcp && (await namedSecret("listen.tcp.apiKey", tcp.apiKey))
    const app = buildServer(registry, { apiKey, clock, log })
    const parts = { config, stores, registry, app, clock, log, notify: new NotifyCommand({ clock, log }) }
    const server = (addresses: readonly string[]) => new RunningServer(addresses, keyring !== undefined, parts)
    try {
      tellSignInNeeded(registry, { log, notify: parts.notify, command: () => parts.config.onSignInNeeded })
      await registry.apply(config.tokens)
      return server(await listen(app, config, options))
    } catch (error) {
      await server([]).close()
      throw error
    }
  }

  /** In the order of the alphabet. */
  get tokenNames(): readonly string[] {
    return this.#parts.registry.all.map(({ name }) => name)
  }

  /** Takes another configuration, as far as it can without a restart; what it cannot is logged. One that cannot be opened is logged, and changes nothing. */
  reload(config: Config): Promise<void> {
    this.#reloaded = this.#reloaded.then(() => this.#reload(config))
    return this.#reloaded
  }

  /** Accepts nothing more, answers what was asked, lets renewals that were sent finish and be written; for so long in all. */
  async close({ timeoutMs = CLOSE_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    const { clock, log } = this.#parts
    await new Promise<void>((resolve, reject) => {
      const timer = clock.setTimer(() => {
        log.error("not all has ended in time; what is sent is claimed, and the next start goes on with it")
        resolve()
      }, timeoutMs)
      this.#close(timeoutMs)
        .then(resolve, reject)
        .finally(() => timer.cancel())
    })
  }

  async #close(timeoutMs: number): Promise<void> {
    const { app, registry, stores, notify } = this.#parts
    await app.close()
    await this.#reloaded
    await registry.close({ timeoutMs })
    notify[Symbol.dispose]()
    await stores.close()
  }

  async #reload(after: Config): Promise<void> {
    const { config: before, log, registry, stores } = this.#parts
    const { needRestart, added, removed, changed } = configChanges(before, after)
    try {
      await stores.using(after.stores, () => registry.apply(after.tokens, changed))
    } catch (error) {
      log.error({ why: messageOf(error) }, "the new configuration cannot be used: all stays as it was")
      return
    }
    for (const what of needRestart) log.warn(what)
    const { listen, stateDirectory, encryption } = before
    this.#parts.config = { ...after, listen, stateDirectory, encryption }
    log.level = after.log.level
    log.info({ added, removed, changed }, "configuration read again")
  }
}

interface Parts {
  /** That which is in effect. */
  config: Config
  readonly stores: ConfiguredStores
  readonly registry: TokenRegistry
  readonly app: FastifyInstance
  readonly clock: Clock
  readonly log: Logger
  readonly notify: NotifyCommand
}

async function listen(
  app: FastifyInstance,
  config: Config,
  { unsafeBind = false }: RunningServerOptions,
): Promise<readonly string[]> {
  const { socket } = placesOf({ stateDirectory: config.stateDirectory, socket: config.listen.socket })
  const isInherited = await listenOnInherited(app)
  if (!isInherited) await listenOnSocket(app, socket)
  const addresses = [isInherited ? "the socket of systemd" : socket]
  const { tcp } = config.listen
  if (tcp !== undefined) addresses.push(await listenOnTcp(app, tcp, { unsafeBind }))
  return addresses
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
