import { expect, test } from "vitest"
import { RecentlyUsed, type Linked } from "./recently-used.js"

class Item implements Linked<Item> {
  readonly name: string
  newer: Item | undefined
  older: Item | undefined

  constructor(name: string) {
    this.name = name
  }
}

/** From the least recently used on. */
function namesOf(order: RecentlyUsed<Item>): string {
  let names = ""
  for (let item = order.oldest; item !== undefined; item = item.newer) names += item.name
  return names
}

test("what was used goes to the end, what was removed is gone, wherever it stood", () => {
  const order = new RecentlyUsed<Item>()
  const [a, b, c, d] = [new Item("a"), new Item("b"), new Item("c"), new Item("d")]
  for (const item of [a, b, c, d]) order.use(item)
  expect(namesOf(order)).toBe("abcd")
  const orders = [b, a, a, d].map((item) => {
    order.use(item)
    return namesOf(order)
  })
  expect(orders).toEqual(["acdb", "cdba", "cdba", "cbad"])
  const left = [b, c, d, d, a].map((item) => {
    order.remove(item)
    return namesOf(order)
  })
  expect(left).toEqual(["cad", "ad", "a", "a", ""])
  order.use(c)
  expect(order.oldest).toBe(c)
})

test("the order goes on when what was used last was removed", () => {
  const order = new RecentlyUsed<Item>()
  const [a, b, c] = [new Item("a"), new Item("b"), new Item("c")]
  order.use(a)
  order.use(b)
  order.remove(b)
  order.use(c)
  expect(namesOf(order)).toBe("ac")
  order.remove(a)
  expect(namesOf(order)).toBe("c")
})
