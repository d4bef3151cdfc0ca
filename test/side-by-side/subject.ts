import { EVERTOKEN, peers, versionOf, type Peer } from "../torture/peers.js"

/** What each is measured against: a field read and a clock compare. */
export const FLOOR: Peer = { name: "floor", package: "", module: new URL("floor.js", import.meta.url).href }

export const subjects: readonly Peer[] = [FLOOR, ...peers]

export { EVERTOKEN }
export type Subject = Peer

/** Its name, with the version that is installed, linked to its program. */
export function shownName(subject: Subject): string {
  if (subject === FLOOR) return "[the floor](floor.js)"
  const name = `[${subject.name}](../peers/${subject.name}.js) ${versionOf(subject.package) ?? ""}`.trim()
  return subject === EVERTOKEN ? `**${name}**` : name
}
