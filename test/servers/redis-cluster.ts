import { setTimeout as pause } from "node:timers/promises"
import { Redis } from "ioredis"
import { freePort } from "./free-port.js"
import { RedisServer } from "./redis-server.js"

const SLOTS = 16_384

/** Two servers that share the slots. */
export class RedisCluster implements AsyncDisposable {
  readonly nodes: readonly RedisServer[]

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes
  }

  static async start(program: string): Promise<RedisCluster> {
    // by default they would be among the ports that the system gives to connections
    const busPorts = [await freePort(), await freePort()]
    const nodes: RedisServer[] = []
    for (const port of busPorts) {
      const settings = { "cluster-enabled": "yes", "cluster-port": String(port) }
      nodes.push(await RedisServer.start(program, { settings }))
    }
    const clients = nodes.map(({ port }) => new Redis(port))
    const [first] = clients
    try {
      for (const [i, client] of clients.entries()) {
        await client.call("CLUSTER", "ADDSLOTSRANGE", (i * SLOTS) / 2, ((i + 1) * SLOTS) / 2 - 1)
        await first?.call("CLUSTER", "MEET", "127.0.0.1", nodes[i]?.port ?? 0, busPorts[i] ?? 0)
      }
      for (const client of clients) await agreed(client)
    } finally {
      for (const client of clients) client.disconnect()
    }
    return new RedisCluster(nodes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node[Symbol.asyncDispose]()
  }
}

/** Nodes tell each other of their slots a few times a second. */
async function agreed(client: Redis): Promise<void> {
  for (;;) {
    const info = String(await client.call("CLUSTER", "INFO"))
    if (info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:2")) return
    await pause(50)
  }
}
