import { type ModelOptions, AS_CODED, MENDED } from "./options.js"

/** One run of the model, and the invariants that it is to break. */
export interface Configuration {
  readonly name: string
  readonly options: ModelOptions
  /** By their short names, all of them: a reading that no longer breaks one is a failure, too. Empty: it breaks none. */
  readonly breaks: readonly string[]
}

export type Change = Partial<ModelOptions>

export const mended = (name: string, change: Change, ...breaks: string[]): Configuration => ({
  name,
  options: { ...MENDED, ...change },
  breaks,
})

export const asCoded = (name: string, change: Change, ...breaks: string[]): Configuration => ({
  name,
  options: { ...AS_CODED, ...change },
  breaks,
})
