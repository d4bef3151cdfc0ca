import { shownValue } from "./shown-value.js"

/** Each name that an interface of options has: the compiler tells when one is missing. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/**
 * In plain JavaScript options may be left out, or be `null`, and one under a wrong name would do nothing: nobody would know.
 * @throws TypeError unless these are options, and `of` has each of them.
 */
export function assertOptions<Options extends object>(
  of: string,
  options: Options,
  names: OptionNames<NoInfer<Options>>,
): void {
  const given: unknown = options
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`options must be an object; got ${shownValue(given)}`)
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) throw new TypeError(`${name} is not an option of ${of}${hint(name, names)}`)
  }
}

function hint(name: string, names: object): string {
  const [nearest] = Object.keys(names)
    .map((known) => ({ known, likeness: likeness(name, known) }))
    .filter((candidate) => candidate.likeness > 0.5)
    .sort((a, b) => b.likeness - a.likeness)
  return nearest === undefined ? "" : `: did you mean ${nearest.known}?`
}

/** The share of letter pairs that two names have in common, whatever their case: from 0 to 1 (Dice's coefficient). */
function likeness(a: string, b: string): number {
  const [pairsOfA, pairsOfB] = [pairsOf(a), pairsOf(b)]
  const shared = pairsOfA.filter((pair) => pairsOfB.includes(pair))
  return (2 * shared.length) / (pairsOfA.length + pairsOfB.length)
}

function pairsOf(name: string): readonly string[] {
  const letters = name.toLowerCase().replace(/[^a-z]/g, "")
  return Array.from(letters.slice(1), (letter, index) => letters.charAt(index) + letter)
}
