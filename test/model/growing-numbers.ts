/** A list of 32-bit numbers that takes four bytes each, however long it grows. */
export class GrowingNumbers {
  #values: Int32Array
  #length = 0

  constructor(capacity = 1 << 16) {
    this.#values = new Int32Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Int32Array(this.#values.length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#length++] = value
  }

  at(index: number): number {
    const value = this.#values[index]
    if (value === undefined || index >= this.#length) throw new RangeError(`no number at ${index}`)
    return value
  }
}
