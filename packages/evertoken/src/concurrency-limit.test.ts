import { expect, test } from "vitest"
import { ConcurrencyLimit } from "./concurrency-limit.js"
import { Deferred } from "./testing/internal/deferred.js"
import { setImmediate as turn } from "node:timers/promises"

/** Tasks that end when told, and the order in which they began. */
class Tasks {
  readonly begun: string[] = []
  readonly #ends = new Map<string, Deferred<void>>()

  task(name: string): () => Promise<void> {
    const end = new Deferred<void>()
    this.#ends.set(name, end)
    return () => {
      this.begun.push(name)
      return end.promise
    }
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.resolve()
    await turn()
  }
}

test("no more than so many run at once; who comes first goes first, who is urgent before all others", async () => {
  const limit = new ConcurrencyLimit(2)
  const tasks = new Tasks()
  for (const name of ["a", "b", "c", "d"]) void limit.run(tasks.task(name), { isUrgent: false })
  void limit.run(tasks.task("urgent"), { isUrgent: true })
  await turn()
  expect(tasks.begun).toEqual(["a", "b"])
  await tasks.end("b")
  await tasks.end("a")
  await tasks.end("urgent")
  expect(tasks.begun).toEqual(["a", "b", "urgent", "c", "d"])
})

test("a task that fails makes room as well, and tells its own caller why", async () => {
  const limit = new ConcurrencyLimit(1)
  const failing = limit.run(() => Promise.reject(new Error("its own")), { isUrgent: false })
  const next = limit.run(() => Promise.resolve("next"), { isUrgent: false })
  await expect(failing).rejects.toThrow("its own")
  expect(await next).toBe("next")
})

test("who gives up waiting is passed over, even at the moment of its turn", async () => {
  const limit = new ConcurrencyLimit(1)
  const tasks = new Tasks()
  const [early, late] = [new AbortController(), new AbortController()]
  void limit.run(tasks.task("first"), { isUrgent: false })
  const gone = limit.run(tasks.task("gone"), { isUrgent: false, signal: early.signal })
  const atItsTurn = limit.run(tasks.task("at its turn"), { isUrgent: false, signal: late.signal })
  const settled = Promise.allSettled([gone, atItsTurn])
  void limit.run(tasks.task("last"), { isUrgent: false })
  early.abort(new Error("no patience"))
  await expect(gone).rejects.toThrow("no patience")
  const handedOn = tasks.end("first")
  late.abort(new Error("too late"))
  await handedOn
  await settled
  await tasks.end("at its turn")
  expect(tasks.begun.filter((name) => name !== "at its turn")).toEqual(["first", "last"])
})

test("who gives up before its turn makes no room for another", async () => {
  const limit = new ConcurrencyLimit(1)
  const tasks = new Tasks()
  const impatient = new AbortController()
  void limit.run(tasks.task("first"), { isUrgent: false })
  void limit.run(tasks.task("second"), { isUrgent: false })
  const gone = limit.run(tasks.task("gone"), { isUrgent: false, signal: impatient.signal })
  impatient.abort(new Error("no patience"))
  await expect(gone).rejects.toThrow("no patience")
  expect(tasks.begun).toEqual(["first"])
  await tasks.end("first")
  expect(tasks.begun).toEqual(["first", "second"])
})
