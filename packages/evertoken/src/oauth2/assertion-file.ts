import { readTextFile, unusableFile } from "../text-file.js"

/**
 * The token in a file.
 * @returns a promise that rejects with a `TokenError` (`ERR_TOKEN_SOURCE`), transient: it may be there the next time.
 */
export async function readAssertionFile(path: string): Promise<string> {
  const text = await readTextFile(path)
  if (/^[\x21-\x7e]+$/.test(text)) return text
  throw unusableFile(path, text === "" ? "is empty" : "holds other text than one token")
}
