/** The known name that a mistyped one is most like, if one is like it at all. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((candidate) => ({ candidate, likeness: likeness(name, candidate) }))
    .filter(({ likeness }) => likeness > 0.5)
    .sort((a, b) => b.likeness - a.likeness)
  return nearest?.candidate
}

/** The share of pairs of letters that two names have in common, whatever their case: from 0 to 1 (Dice's coefficient). */
function likeness(a: string, b: string): number {
  const [pairsOfA, pairsOfB] = [pairsOf(a), pairsOf(b)]
  const shared = pairsOfA.filter((pair) => pairsOfB.includes(pair))
  return (2 * shared.length) / (pairsOfA.length + pairsOfB.length)
}

function pairsOf(name: string): readonly string[] {
  const letters = name.toLowerCase().replace(/[^a-z\d]/g, "")
  return Array.from(letters.slice(1), (letter, index) => letters.charAt(index) + letter)
}
