import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RealIssuer, type RealIssuerOptions } from "../issuer/real-issuer.js"
import { CompiledWorker } from "../processes/compiled-worker.js"
import { WorkerProcess } from "../processes/worker-process.js"
import type { WorkerConfig } from "../processes/worker-protocol.js"
import { TcpProxy } from "../servers/tcp-proxy.js"
import type { SharedServer } from "./shared-servers.js"
import { STORE_NAME } from "./store-name.js"

export interface FleetOptions {
  readonly hosts: number
  readonly processesPerHost: number
  readonly issuer?: RealIssuerOptions
  readonly worker?: Partial<WorkerConfig>
  readonly leaseMs?: number
  /** One rotating refresh token for all. Default: client credentials. */
  readonly rotating?: boolean
}

/** Some processes of one host: what is between them and the shared store is theirs alone. */
export interface Host {
  readonly way: TcpProxy
  readonly workers: readonly WorkerProcess[]
}

/** Hosts with a file each, a real issuer, and a server that they share. Each process has its memory before both. */
export class Fleet implements AsyncDisposable {
  readonly issuer: RealIssuer
  readonly server: SharedServer
  readonly hosts: readonly Host[]
  readonly #directory: string

  private constructor(parts: Pick<Fleet, "issuer" | "server" | "hosts"> & { readonly directory: string }) {
    this.issuer = parts.issuer
    this.server = parts.server
    this.hosts = parts.hosts
    this.#directory = parts.directory
  }

  /** Takes over `server`. */
  static async start(server: SharedServer, options: FleetOptions): Promise<Fleet> {
    const issuer = await RealIssuer.start(options.issuer)
    const directory = await mkdtemp(join(tmpdir(), "evertoken-fleet-"))
    const grant = await grantOf(issuer, options)
    await using compiled = await CompiledWorker.make()
    const start = async (host: number): Promise<Host> => {
      const way = await TcpProxy.start(server.port)
      const shared = { kind: server.kind, port: way.port, name: STORE_NAME, leaseMs: options.leaseMs ?? 30_000 }
      const file = join(directory, `host-${host}`, "token.json")
      await mkdir(join(directory, `host-${host}`))
      const config = { issuer: issuer.url, ...grant, file, shared, ...options.worker }
      return { way, workers: await WorkerProcess.startMany(options.processesPerHost, config, compiled.program) }
    }
    const hosts: Host[] = []
    // one host after the other: a machine with two cores starts no more processes at once
    for (let host = 1; host <= options.hosts; host++) hosts.push(await start(host))
    return new Fleet({ issuer, server, hosts, directory })
  }

  get workers(): readonly WorkerProcess[] {
    return this.hosts.flatMap(({ workers }) => workers)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker[Symbol.asyncDispose]()))
    await Promise.all(this.hosts.map(({ way }) => way[Symbol.asyncDispose]()))
    await this.issuer.close()
    await this.server[Symbol.asyncDispose]()
    await rm(this.#directory, { recursive: true, force: true })
  }
}

async function grantOf(issuer: RealIssuer, { rotating = false }: FleetOptions) {
  const { basic, public: native } = issuer.clients
  if (!rotating) return { clientId: basic.clientId, clientSecret: basic.clientSecret }
  return { clientId: native.clientId, refreshToken: await issuer.issueRefreshToken() }
}
