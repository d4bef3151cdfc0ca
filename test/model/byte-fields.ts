/**
 * Makes a class whose instances are views: each name is a property that reads and writes one byte, in the order given.
 * A state is searched for millions of times, so it is kept as bytes; the rules shall still read as prose.
 */
export function byteFields<const Name extends string>(names: readonly Name[]): ByteFieldsClass<Name> {
  const view = class {
    readonly bytes: DataView
    readonly base: number

    constructor(bytes: DataView, base: number) {
      this.bytes = bytes
      this.base = base
    }
  }
  names.forEach((name, offset) => {
    Object.defineProperty(view.prototype, name, {
      get(this: ByteFields): number {
        return this.bytes.getUint8(this.base + offset)
      },
      set(this: ByteFields, value: number) {
        this.bytes.setUint8(this.base + offset, value)
      },
    })
  })
  return view as ByteFieldsClass<Name>
}

export interface ByteFields {
  readonly bytes: DataView
  readonly base: number
}

export type ByteFieldsClass<Name extends string> = new (
  bytes: DataView,
  base: number,
) => ByteFields & Record<Name, number>

/** A row of bytes. */
export class ByteRow {
  readonly #bytes: DataView
  readonly base: number
  readonly length: number

  constructor(bytes: DataView, base: number, length: number) {
    this.#bytes = bytes
    this.base = base
    this.length = length
  }

  get(index: number): number {
    return this.#bytes.getUint8(this.base + index)
  }

  set(index: number, value: number): void {
    this.#bytes.setUint8(this.base + index, value)
  }

  add(index: number, amount: number): void {
    this.set(index, this.get(index) + amount)
  }
}

/** Rows of bytes of the same length. */
export class ByteGrid {
  readonly #bytes: DataView
  readonly base: number
  readonly columns: number

  constructor(bytes: DataView, base: number, columns: number) {
    this.#bytes = bytes
    this.base = base
    this.columns = columns
  }

  get(row: number, column: number): number {
    return this.#bytes.getUint8(this.base + row * this.columns + column)
  }

  set(row: number, column: number, value: number): void {
    this.#bytes.setUint8(this.base + row * this.columns + column, value)
  }
}
