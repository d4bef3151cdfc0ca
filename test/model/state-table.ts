import type { State } from "./state.js"

const PAGE_STATES = 1 << 14

/** Every state seen, once: packed words in pages, found again by hash. Numbered in the order they came. */
export class StateTable {
  readonly #wordsPerState: number
  readonly #pages: Uint32Array[] = []
  #slots = new Int32Array(1 << 16)
  #size = 0

  constructor(wordsPerState: number) {
    this.#wordsPerState = wordsPerState
  }

  get size(): number {
    return this.#size
  }

  /** The number of the state; a new one is `size - 1` afterwards. */
  add({ words }: State): number {
    const mask = this.#slots.length - 1
    let slot = hash(words) & mask
    for (let found = this.#slots[slot] ?? 0; found !== 0; found = this.#slots[slot] ?? 0) {
      if (this.#holds(found - 1, words)) return found - 1
      slot = (slot + 1) & mask
    }
    const id = this.#size++
    const { page, offset } = this.#place(id)
    page.set(words, offset)
    this.#slots[slot] = this.#size
    if (this.#size * 2 > this.#slots.length) this.#rehash()
    return id
  }

  /** Copies state number `id` into `state`. */
  load(id: number, state: State): void {
    const { page, offset } = this.#place(id)
    state.words.set(page.subarray(offset, offset + this.#wordsPerState))
  }

  #place(id: number): { page: Uint32Array; offset: number } {
    const index = Math.floor(id / PAGE_STATES)
    const page = (this.#pages[index] ??= new Uint32Array(PAGE_STATES * this.#wordsPerState))
    return { page, offset: (id % PAGE_STATES) * this.#wordsPerState }
  }

  #holds(id: number, words: Uint32Array): boolean {
    const { page, offset } = this.#place(id)
    for (let i = 0; i < words.length; i++) if (page[offset + i] !== words[i]) return false
    return true
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let id = 0; id < this.#size; id++) {
      const { page, offset } = this.#place(id)
      let slot = hash(page.subarray(offset, offset + this.#wordsPerState)) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = id + 1
    }
    this.#slots = slots
  }
}

// MurmurHash3's mixing of 32-bit words (public domain, Austin Appleby)
function hash(words: Uint32Array): number {
  let mixed = words.length
  for (const word of words) {
    let k = Math.imul(word, 0xcc9e2d51)
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
    mixed ^= k
    mixed = (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
  }
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
