import { systemErrorCode, TokenError, type TokenErrorCode } from "../errors.js"

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied: this user needs to read and write it, and the directory it is in"],
  ["EPERM", "not permitted: it needs to belong to this user, on a file system with hard links"],
  ["EROFS", "the file system is read-only: use a path that can be written"],
  ["ENOSPC", "no space is left on the device: free some"],
  ["EDQUOT", "the disk quota is used up: free some space"],
  ["ENOENT", "it is not there, or was removed meanwhile"],
  ["ENOTDIR", "a part of the path is a file, not a directory: correct the path"],
  ["ENAMETOOLONG", "the name is too long: use a shorter path"],
  ["ELOOP", "the path has too many symbolic links, or ends in one: give the path of the file itself"],
  ["ENOTSUP", "the file system cannot do this: use one with hard links"],
  ["EXDEV", "the file and its .d directory are on different file systems: mount the directory, not the single file"],
  ["EBUSY", "something else holds it, or it is a mount point: mount the directory, not the single file"],
  ["EMFILE", "too many files are open in this process: raise its limit"],
  ["ENFILE", "too many files are open on this machine: raise its limit"],
])

/** Says in plain words what a system error means, and what mends it. */
export function explain(error: unknown): string {
  const code = systemErrorCode(error)
  if (code === undefined) return "unexpected failure"
  return `${code}, ${MEANINGS.get(code) ?? "the system refused it"}`
}

/** Makes a `TokenError` of every system error; what is none already, and no system error, passes. */
export async function explained<T>(
  doing: string,
  action: () => Promise<T>,
  code: TokenErrorCode = "ERR_TOKEN_CACHE",
): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof TokenError || systemErrorCode(error) === undefined || !(error instanceof Error)) throw error
    throw new TokenError(code, `cannot ${doing}: ${explain(error)}`, { transient: true, cause: error })
  }
}

/** What only a person can mend, such as a symbolic link in the place of the file. */
export function refusal(message: string): TokenError {
  return new TokenError("ERR_TOKEN_CACHE", message, { transient: false })
}

/** Runs `action`; undefined if what it is about is not there. */
export async function unlessMissing<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined
    throw error
  }
}
