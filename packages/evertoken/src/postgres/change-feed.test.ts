import { describe, expect, onTestFinished, test } from "vitest"
import { seededRandom } from "../random.js"
import { hashOf } from "../token-source.js"
import { VirtualClock } from "../testing/virtual-clock.js"
import { ChangeFeed } from "./change-feed.js"
import type { NotificationHandlers } from "./notifications.js"

const POLL_MS = 1_000

/** A database of revisions, with lines on which it can be listened to. */
class Database {
  readonly revisions = new Map<string, string>()
  readonly lines: (NotificationHandlers & { readonly ended: () => boolean })[] = []
  looks = 0
  attempts = 0
  hangs = false
  answer = () => {}
  away = false
  deaf = false
  ended = false

  readonly revisionsOf = async (keys: readonly string[]) => {
    this.looks++
    if (this.away) throw new Error("away")
    if (this.hangs) await new Promise<void>((resolve) => (this.answer = resolve))
    this.hangs = false
    return new Map([...this.revisions].filter(([key]) => keys.includes(key)))
  }

  readonly listen = async (handlers: NotificationHandlers) => {
    this.attempts++
    if (this.away || this.deaf) throw new Error("away")
    let ended = false
    this.lines.push({ ...handlers, ended: () => ended })
    return () => void (ended = true)
  }

  write(key: string, revision: string): void {
    this.revisions.set(key, revision)
    for (const line of this.lines) line.onNews(`${hashOf(key)}:${revision}`)
  }

  get listening(): number {
    return this.lines.filter(({ ended }) => !ended()).length
  }
}

function open({ polls = false } = {}) {
  const database = new Database()
  const clock = new VirtualClock()
  const { revisionsOf, listen } = database
  const isEnded = () => database.ended
  const options = { revisionsOf, isEnded, pollMs: POLL_MS, clock, random: seededRandom(1) }
  const feed = new ChangeFeed({ ...options, listen: polls ? undefined : listen })
  onTestFinished(() => feed.close())
  const watch = (key = "key") => {
    const watched = { told: 0, completed: false, unsubscribe: () => {} }
    const subscription = feed.changes(key).subscribe({
      next: () => watched.told++,
      complete: () => (watched.completed = true),
    })
    watched.unsubscribe = () => subscription.unsubscribe()
    return watched
  }
  return { database, clock, feed, watch, settle: () => clock.advance(0) }
}

describe("who watches a key", () => {
  test("is told at once of what the database tells", async () => {
    const { database, watch, settle } = open()
    const watched = watch()
    await settle()
    expect(watched.told).toBe(0)
    database.write("key", "a")
    database.write("another", "b")
    expect(watched.told).toBe(1)
  })

  test("is told at first of what is there, since it may have been written before it watched", async () => {
    const { database, watch, settle } = open()
    database.write("key", "a")
    const watched = watch()
    await settle()
    expect(watched.told).toBe(1)
  })

  test("is told by a look where nobody listens, of a row that is gone, too", async () => {
    const { database, clock, watch } = open({ polls: true })
    const watched = watch()
    database.revisions.set("key", "a")
    await clock.advance(2 * POLL_MS)
    expect(watched.told).toBe(1)
    database.revisions.delete("key")
    await clock.advance(2 * POLL_MS)
    expect(watched.told).toBe(2)
  })

  test("is told once of each write, however often it is noticed", async () => {
    const { database, clock, watch } = open()
    const watched = watch()
    await clock.advance(POLL_MS)
    database.write("key", "a")
    await clock.advance(10 * POLL_MS)
    expect(watched.told).toBe(1)
  })

  test("is not told of failures, and of what it missed meanwhile once they are over", async () => {
    const { database, clock, watch } = open()
    database.away = true
    const watched = watch()
    await clock.advance(60 * POLL_MS)
    database.revisions.set("key", "a")
    database.away = false
    await clock.advance(2 * POLL_MS)
    expect(watched).toMatchObject({ told: 1, completed: false })
  })

  test("is told nothing any more once it has left", async () => {
    const { database, watch, settle } = open()
    const watched = watch()
    await settle()
    watched.unsubscribe()
    database.write("key", "a")
    await settle()
    expect(watched.told).toBe(0)
  })

  test("after the close is told so", async () => {
    const { feed, watch } = open()
    const before = watch()
    feed.close()
    const after = watch()
    expect([before.completed, after.completed]).toEqual([true, true])
  })

  test("is told so when the pool was ended", async () => {
    const { database, clock, watch } = open()
    const watched = watch()
    await clock.advance(POLL_MS)
    Object.assign(database, { away: true, ended: true })
    await clock.advance(2 * POLL_MS)
    expect(watched.completed).toBe(true)
    expect([database.listening, clock.pendingTimers]).toEqual([0, 0])
  })
})

describe("the connection that listens", () => {
  test("is one for all keys, and all are looked for at once", async () => {
    const { database, clock, watch } = open()
    const watched = Array.from({ length: 50 }, (_, i) => watch(`key-${i}`))
    await clock.advance(1)
    const before = database.looks
    expect(database.lines).toHaveLength(1)
    await clock.advance(10 * POLL_MS)
    expect(database.looks - before).toBeGreaterThanOrEqual(6)
    expect(database.looks - before).toBeLessThanOrEqual(20)
    for (const i of watched.keys()) database.write(`key-${i}`, "a")
    expect(watched.every(({ told }) => told === 1)).toBe(true)
  })

  test("is ended with the last who watches, and nothing is looked for", async () => {
    const { database, clock, watch } = open()
    const [first, second] = [watch(), watch("another")]
    await clock.advance(1)
    first.unsubscribe()
    expect(database.listening).toBe(1)
    second.unsubscribe()
    const before = database.looks
    await clock.advance(10 * POLL_MS)
    expect([database.listening, database.looks - before, clock.pendingTimers]).toEqual([0, 0, 0])
  })

  test("is ended, too, if the last has left before it came about", async () => {
    const { database, watch, settle } = open()
    watch().unsubscribe()
    await settle()
    expect([database.lines.length, database.listening]).toEqual([1, 0])
  })

  test("that broke is replaced, and what was missed is looked for at once", async () => {
    const { database, clock, watch } = open()
    const watched = watch()
    await clock.advance(1)
    database.lines[0]?.onLost()
    database.revisions.set("key", "a")
    await clock.advance(2 * POLL_MS)
    expect(watched.told).toBe(1)
    database.write("key", "b")
    expect(watched.told).toBe(2)
  })

  test("that did not tell of a write is taken for a dead one, and replaced", async () => {
    const { database, clock, watch } = open()
    watch()
    await clock.advance(POLL_MS)
    database.revisions.set("key", "a")
    await clock.advance(3 * POLL_MS)
    expect(database.lines.map(({ ended }) => ended())).toEqual([true, false])
  })

  test("that cannot be had is asked for again every few seconds, not at each look", async () => {
    const { database, clock, watch } = open()
    database.deaf = true
    watch()
    await clock.advance(60 * POLL_MS)
    expect(database.looks).toBeGreaterThan(40)
    expect(database.attempts).toBeGreaterThanOrEqual(8)
    expect(database.attempts).toBeLessThanOrEqual(13)
    database.deaf = false
    await clock.advance(10 * POLL_MS)
    expect(database.listening).toBe(1)
  })
})

test("looks do not overlap, however long one takes, and keep no process alive", async () => {
  const { database, clock, watch } = open({ polls: true })
  database.hangs = true
  const watched = watch()
  await clock.advance(60 * POLL_MS)
  expect([database.looks, clock.refTimers]).toEqual([1, 0])
  database.revisions.set("key", "a")
  database.answer()
  await clock.advance(2 * POLL_MS)
  expect(watched.told).toBe(1)
})
