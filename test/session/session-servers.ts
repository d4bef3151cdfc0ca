import { fork, type ChildProcess } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { createTable } from "@evertoken/session/postgres"
import pg from "pg"
import { Agent, request } from "undici"
import { RealIssuer } from "../issuer/real-issuer.js"
import { PostgresServer } from "../servers/postgres-server.js"
import type { SessionServerOptions } from "./session-server.js"

const MAIN = fileURLToPath(new URL("session-server.ts", import.meta.url))

export interface PageAnswer {
  readonly status: number
  readonly body: { readonly token?: string; readonly code?: string; readonly removed?: readonly string[] }
}

/** A web application on several server processes, over one real PostgreSQL and a real issuer. */
export class SessionServers implements AsyncDisposable {
  readonly issuer: RealIssuer
  readonly pool: pg.Pool
  readonly #postgres: PostgresServer
  readonly #children: ChildProcess[] = []
  readonly #ports: number[] = []
  readonly #agent = new Agent({ connections: 100 })
  readonly #options: SessionServerOptions

  private constructor(issuer: RealIssuer, postgres: PostgresServer) {
    this.issuer = issuer
    this.#postgres = postgres
    this.pool = new pg.Pool(postgres.connection)
    // what is idle when the server ends
    this.pool.on("error", () => {})
    this.#options = {
      issuer: issuer.url,
      clientId: issuer.clients.public.clientId,
      database: postgres.connection,
      encryptionKeys: [keyText()],
      signingKeys: [keyText()],
    }
  }

  static async start(programs: string, count: number): Promise<SessionServers> {
    const servers = new SessionServers(await RealIssuer.start(), await PostgresServer.start(programs))
    await createTable(servers.pool)
    await servers.#fork(count)
    return servers
  }

  /** All end, and begin again with a new key before the old ones: the first writes, all read. */
  async rotateKeys(): Promise<void> {
    const { encryptionKeys, signingKeys } = this.#options
    const count = this.#children.length
    await this.#end()
    Object.assign(this.#options, {
      encryptionKeys: [keyText(), ...encryptionKeys],
      signingKeys: [keyText(), ...signingKeys],
    })
    await this.#fork(count)
  }

  /** A browser's request to one of them. Keeps cookies in `jar`. */
  async ask(server: number, path: string, jar: Map<string, string>, fields?: object): Promise<PageAnswer> {
    const port = this.#ports[server % this.#ports.length]
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ")
    const answer = await request(`http://127.0.0.1:${port}${path}`, {
      dispatcher: this.#agent,
      headers: cookie === "" ? {} : { cookie },
      ...(fields && { method: "POST", body: JSON.stringify(fields) }),
    })
    for (const line of [answer.headers["set-cookie"] ?? []].flat()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (line.includes("Max-Age=0")) jar.delete(name)
      else jar.set(name, value)
    }
    return { status: answer.statusCode, body: (await answer.body.json()) as PageAnswer["body"] }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
    await this.#agent.destroy()
    await this.pool.end()
    await this.#postgres[Symbol.asyncDispose]()
    await this.issuer.close()
  }

  async #fork(count: number): Promise<void> {
    const env = { ...process.env, SESSION_SERVER: JSON.stringify(this.#options) }
    for (let i = 0; i < count; i++) this.#children.push(fork(MAIN, { execArgv: ["--import", "tsx"], env }))
    for (const child of this.#children) {
      const [port] = (await once(child, "message")) as [number]
      this.#ports.push(port)
    }
  }

  async #end(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      const exited = once(child, "exit")
      child.kill("SIGKILL")
      await exited
    }
    this.#ports.length = 0
  }
}

function keyText(): string {
  return randomBytes(32).toString("base64")
}
