import { systemErrorCode, TokenError } from "./errors.js"
import { publish } from "./events.js"
import { describeForeignError } from "./foreign-error.js"
import { pathOf } from "./path-option.js"
import { shownValue } from "./shown-value.js"
import { SingleFlight } from "./single-flight.js"
import { readTextFile, type TextFile } from "./text-file.js"

/** A text, or the file in which it stands. */
export type TextOrFile = string | TextFile

export function isTextFile(value: unknown): value is TextFile {
  return typeof value === "object" && value !== null && "file" in value
}

/** @throws TypeError that names the option, and shows nothing of the text. */
export function assertTextOrFile(name: string, value: unknown): asserts value is TextOrFile {
  if (value === undefined || value === "") {
    const got = value === "" ? "empty" : "undefined"
    throw new TypeError(`${name} is ${got}. Is the environment variable that it comes from set?`)
  }
  if (typeof value === "string") return
  if (!isTextFile(value)) throw new TypeError(`${name} must be a text or { file }; got ${shownValue(value)}`)
  pathOf(value.file, `${name}.file must be the path of a file`)
}

/**
 * What `make` makes of texts. Those that stand in files are read anew at each call: another program writes them, before
 * what they hold ends. As long as a file cannot be read, or not be used (it is half written, or does not belong to the
 * others any more), what was made before stays in use, which the event `credentials-kept` tells.
 * @param make throws nothing but a `TypeError` that shows nothing of the texts
 * @returns a function whose promise rejects with a `TokenError` (`ERR_TOKEN_SOURCE`, transient) if nothing was made before.
 * @throws what `make` throws, if no text stands in a file.
 */
export function madeOf<T>(
  given: Readonly<Record<string, TextOrFile | undefined>>,
  make: (texts: Readonly<Record<string, string>>) => T,
): () => Promise<T> {
  const texts: Record<string, string> = {}
  const paths: Record<string, string> = {}
  for (const [name, text] of Object.entries(given)) {
    if (typeof text === "string") texts[name] = text
    else if (text !== undefined) paths[name] = pathOf(text.file, `${name}.file must be the path of a file`)
  }
  const files = Object.values(paths)
  if (files.length === 0) {
    const value = make(texts)
    return async () => value
  }
  const flight = new SingleFlight<T>()
  let made: { readonly from: string; readonly value: T } | undefined
  const current = async (): Promise<T> => {
    try {
      const read = Object.entries(paths).map(async ([name, path]): Promise<[string, string]> => [
        name,
        await readTextFile(path),
      ])
      const all = { ...texts, ...Object.fromEntries(await Promise.all(read)) }
      const from = JSON.stringify(all)
      if (made?.from !== from) made = { from, value: make(all) }
    } catch (error) {
      const failure = error instanceof TokenError ? error : unusable(files, error)
      if (made === undefined) throw failure
      publish("credentials-kept", { detail: failure.message })
    }
    return made.value
  }
  return () => flight.run(current)
}

function unusable(files: readonly string[], error: unknown): TokenError {
  const why =
    error instanceof TypeError && systemErrorCode(error) === undefined ? error.message : describeForeignError(error)
  return new TokenError("ERR_TOKEN_SOURCE", `${files.join(" and ")} cannot be used: ${why}`, { transient: true })
}
