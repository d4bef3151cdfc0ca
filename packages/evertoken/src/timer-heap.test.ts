import fc from "fast-check"
import { expect, test } from "vitest"
import { HeapTimer, TimerHeap } from "./timer-heap.js"

class NamedTimer extends HeapTimer {
  readonly name: number

  constructor(name: number) {
    super()
    this.name = name
  }
}

function drained(heap: TimerHeap<NamedTimer>): number[] {
  const names: number[] = []
  for (let first = heap.first; first !== undefined; first = heap.first) {
    heap.remove(first)
    names.push(first.name)
  }
  return names
}

test("timers come in the order of their moments, and of two at the same one in the order in which they were set", () => {
  const moments = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 })
  fc.assert(
    fc.property(moments, (dueAt) => {
      const heap = new TimerHeap<NamedTimer>()
      for (const [name, moment] of dueAt.entries()) heap.set(new NamedTimer(name), moment)
      const stable = [...dueAt.entries()].sort(([, a], [, b]) => a - b)
      expect(drained(heap)).toEqual(stable.map(([name]) => name))
    }),
  )
})

test("any of them can be removed, once, and the others stay in order", () => {
  const entries = fc.array(fc.record({ dueAt: fc.integer({ min: 0, max: 20 }), stays: fc.boolean() }), {
    // a few timers seldom make a heap of which the last one has to rise where another was removed
    minLength: 20,
    maxLength: 60,
  })
  fc.assert(
    fc.property(entries, (given) => {
      const heap = new TimerHeap<NamedTimer>()
      const timers = given.map(({ dueAt, stays }, name) => ({ dueAt, stays, timer: new NamedTimer(name) }))
      for (const { dueAt, timer } of timers) heap.set(timer, dueAt)
      const removed = timers.filter(({ stays }) => !stays)
      for (const { timer } of removed) expect([heap.remove(timer), heap.remove(timer)]).toEqual([true, false])
      const left = timers.filter(({ stays }) => stays).sort((a, b) => a.dueAt - b.dueAt)
      expect(heap.all).toHaveLength(left.length)
      expect(drained(heap)).toEqual(left.map(({ timer }) => timer.name))
    }),
  )
})

test("one that is set again moves, behind those at its new moment", () => {
  const sets = fc.array(fc.record({ name: fc.nat({ max: 29 }), dueAt: fc.nat({ max: 20 }) }), {
    minLength: 40,
    maxLength: 120,
  })
  fc.assert(
    fc.property(sets, (given) => {
      const heap = new TimerHeap<NamedTimer>()
      const timers = Array.from({ length: 30 }, (_, name) => new NamedTimer(name))
      const last = new Map<number, number>()
      for (const { name, dueAt } of given) {
        const timer = timers[name]
        if (timer !== undefined) heap.set(timer, dueAt)
        last.delete(name)
        last.set(name, dueAt)
      }
      const stable = [...last].sort(([, a], [, b]) => a - b)
      expect(drained(heap)).toEqual(stable.map(([name]) => name))
    }),
  )
})
