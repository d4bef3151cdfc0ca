import fc from "fast-check"

/** Code that reads what others write, and what it promises for every input. */
export interface FuzzTarget {
  readonly name: string
  /** How many of a thousand inputs are for it. */
  readonly share: number
  readonly inputs: fc.Arbitrary<Uint8Array>
  /** Throws, or rejects, if a promise is broken. */
  check(input: Uint8Array): void | Promise<void>
}

/** An input that broke a promise, as small as it could be made. */
export interface Finding {
  readonly target: string
  readonly input: Uint8Array
  /** What was broken. */
  readonly problem: string
  readonly seed: number
}

export interface FuzzRun {
  readonly inputs: number
  readonly seed: number
  /** Called with each input before it is checked. */
  readonly onInput?: ((input: Uint8Array) => void) | undefined
}

/** Checks `inputs` inputs; equal seeds give equal inputs. */
export async function fuzz(target: FuzzTarget, { inputs, seed, onInput }: FuzzRun): Promise<Finding | undefined> {
  const property = fc.asyncProperty(target.inputs, async (input) => {
    onInput?.(input)
    await target.check(input)
    assertUnpolluted()
  })
  const result = await fc.check(property, { seed, numRuns: inputs })
  if (!result.failed) return undefined
  const [input = new Uint8Array()] = result.counterexample ?? []
  const { errorInstance: error } = result
  return { target: target.name, input, problem: error instanceof Error ? error.message : String(error), seed }
}

const PROTOTYPES = [Object, Array, String, Number, Function, Error, Map, Promise].map(
  (type) => type.prototype as object,
)
const clean = PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).length)

function assertUnpolluted(): void {
  const polluted = PROTOTYPES.filter((prototype, at) => Reflect.ownKeys(prototype).length !== clean[at])
  if (polluted.length > 0) throw new Error("a prototype has members that it had not")
}
