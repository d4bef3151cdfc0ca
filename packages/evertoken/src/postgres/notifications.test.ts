import { EventEmitter } from "node:events"
import { expect, test } from "vitest"
import { listenBy, type Listen, type NotificationHandlers } from "./notifications.js"
import type { PostgresQuery } from "./postgres-connection.js"

/** A connection of pg, as far as it is used. */
class Client extends EventEmitter {
  readonly asked: string[] = []
  ended = 0
  unrefs = 0
  failing: "connect" | "query" | "end" | undefined

  async connect() {
    if (this.failing === "connect") throw new Error("away")
  }
  async query({ text }: PostgresQuery) {
    if (this.failing === "query") throw new Error("away")
    this.asked.push(text)
    return { rows: [] }
  }
  async end() {
    this.ended++
    if (this.failing === "end") throw new Error("away")
  }
  release(destroy: boolean) {
    if (!destroy || this.ended > 0) throw new Error("given back as if it could be used")
    this.ended++
  }
  unref() {
    this.unrefs++
  }
}

const query = () => Promise.resolve({ rows: [] })
const ways = {
  "a pool's": (client: Client, max = 10) => {
    const connect = async () => (await client.connect(), client)
    return listenBy({ query, connect, options: { max } }, { channel: "news", listen: true })
  },
  "one of its own": (client: Client) => {
    const connect = () => Promise.reject(new Error("not through the pool"))
    return listenBy({ query, connect }, { channel: "news", listen: () => client })
  },
}

function handlers() {
  const heard = { news: [] as string[], lost: 0 }
  const all: NotificationHandlers = { onNews: (payload) => heard.news.push(payload), onLost: () => heard.lost++ }
  return { heard, all }
}

const asked = (listen: Listen | undefined, all: NotificationHandlers) => {
  if (listen === undefined) throw new Error("it does not listen at all")
  return listen(all)
}

const each = Object.entries(ways)

test.each(each)("on a connection, %s, it hears what is told, and keeps no process alive", async (_, way) => {
  const [client, { heard, all }] = [new Client(), handlers()]
  await asked(way(client), all)
  client.emit("notification", { payload: "a" })
  client.emit("notification", {})
  expect(heard).toEqual({ news: ["a", ""], lost: 0 })
  expect(client.asked).toEqual(["LISTEN news"])
  expect(client.unrefs).toBeGreaterThan(0)
})

test("a connection of its own keeps no process alive while it is made: a server that hangs makes none", () => {
  const [client, { all }] = [new Client(), handlers()]
  client.connect = () => new Promise(() => undefined)
  void asked(ways["one of its own"](client), all)
  expect(client.unrefs).toBe(1)
})

test.each(each)("a connection, %s, that breaks is ended and told of, and its errors end no process", async (_, way) => {
  const [client, { heard, all }] = [new Client(), handlers()]
  await asked(way(client), all)
  client.emit("error", new Error("reset"))
  expect(heard.lost).toBe(1)
  expect(client.ended).toBeGreaterThan(0)
})

test.each(each)("a connection, %s, that cannot listen is given up", async (_, way) => {
  const [client, { all }] = [new Client(), handlers()]
  client.failing = "query"
  await expect(asked(way(client), all)).rejects.toThrow("away")
  expect(client.ended).toBe(1)
})

test.each(each)("a connection, %s, that cannot be made is none", async (_, way) => {
  const [client, { all }] = [new Client(), handlers()]
  client.failing = "connect"
  await expect(asked(way(client), all)).rejects.toThrow("away")
})

test.each(each)("a connection, %s, is ended when nobody listens any more", async (_, way) => {
  const [client, { all }] = [new Client(), handlers()]
  const end = await asked(way(client), all)
  end()
  client.emit("end")
  expect(client.ended).toBeGreaterThan(0)
})

test("that a connection of its own could not be ended well is nobody's trouble", async () => {
  const [client, { all }] = [new Client(), handlers()]
  const end = await asked(ways["one of its own"](client), all)
  client.failing = "end"
  end()
  await new Promise((resolve) => setImmediate(resolve))
  expect(client.ended).toBe(1)
})

test("a pool's only connection is not taken, and false means no", () => {
  expect(ways["a pool's"](new Client(), 1)).toBeUndefined()
  const connect = () => Promise.resolve(new Client())
  expect(listenBy({ query, connect }, { channel: "news", listen: false })).toBeUndefined()
})

test("a PGlite tells by itself, and that it is closed already is nobody's trouble", async () => {
  let tell: (payload: string) => void = () => {}
  const listen = async (channel: string, callback: (payload: string) => void) => {
    if (channel === "news") tell = callback
    return () => Promise.reject(new Error("PGlite is closed"))
  }
  const { heard, all } = handlers()
  const end = await asked(listenBy({ query, listen }, { channel: "news", listen: true }), all)
  tell("a")
  expect(heard.news).toEqual(["a"])
  end()
  await new Promise((resolve) => setImmediate(resolve))
})
