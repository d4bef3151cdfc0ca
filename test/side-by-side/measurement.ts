import type { MeasuringServer } from "./measuring-server.js"
import type { Subject } from "./subject.js"
import type { Column, Table } from "./table.js"

export interface Setting {
  readonly subjects: readonly Subject[]
  readonly server: MeasuringServer
  /** Short, to see that it works: its figures say little. */
  readonly quick: boolean
  /** Says how far it is. */
  tell(line: string): void
}

export interface Findings {
  readonly columns?: readonly Column[]
  readonly tables?: readonly Table[]
}

/** Something that is measured of all subjects that have it, in turn. */
export interface Measurement {
  readonly name: string
  /** What is measured, in a few words. */
  readonly about: string
  run(setting: Setting): Promise<Findings>
}
