// Which file of packages/evertoken/src may import which, as ESLint configurations. Imports point one way: a file imports
// its own tier and those before it. Type imports count too.
import { readdirSync } from "node:fs"
import path from "node:path"

const ROOT = path.resolve(import.meta.dirname, "..")
const SRC = "packages/evertoken/src"

const NOUNS = ["token", "errors", "clock", "events", "random", "milliseconds", "shown-value"]
const CONTRACTS = ["token-lifetime", "token-source", "token-cache", "jitter", "error-backoff"]
// Between these and those stands the renewal: every file that no tier names.
const AFTER_RENEWAL = ["cached-token-source", "token-watcher", "token-pool"]

// Every folder is a sub-path export, such as evertoken/oauth2.
const SUB_PATHS = readdirSync(path.join(ROOT, SRC), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

const file = (name) => `${SRC}/${name}.ts`
const folder = (name) => `${SRC}/${name}`
const foldersBut = (...names) => SUB_PATHS.filter((name) => !names.includes(name)).map(folder)
const INDEXES = [file("index"), ...SUB_PATHS.map((name) => file(`${name}/index`))]

function zone(message, from, except = []) {
  return { target: SRC, from, except, message }
}

/** For `files`, in place of what an earlier configuration said of them. */
function direction(files, zones) {
  const noIndex = zone("Inside the package, import the file that defines it.", INDEXES)
  return {
    files,
    rules: { "import-x/no-restricted-paths": ["error", { basePath: ROOT, zones: [...zones, noIndex] }] },
  }
}

function importsOnly(files, allowed) {
  const except = allowed.map((name) => `${name}.ts`)
  return direction(files.map(file), [zone(`It may import these files only: ${allowed.join(", ")}.`, SRC, except)])
}

const core = zone("The core imports no sub-path.", foldersBut())

export const importDirection = [
  direction(
    [`${SRC}/*.ts`],
    [core, zone("This stands after the renewal and imports it, not the other way.", AFTER_RENEWAL.map(file))],
  ),
  importsOnly(NOUNS, NOUNS),
  importsOnly(CONTRACTS, [...NOUNS, ...CONTRACTS]),
  ...AFTER_RENEWAL.map((name, index) => {
    const later = AFTER_RENEWAL.slice(index + 1).map(file)
    const zones = later.length > 0 ? [core, zone("This imports the file, not the other way.", later)] : [core]
    return direction([file(name)], zones)
  }),
  direction([file("index")], [core]),
  ...SUB_PATHS.map((name) =>
    direction([`${folder(name)}/**/*.ts`], [zone("Sub-paths do not import each other.", foldersBut(name))]),
  ),
  // Tests may use the public test tools, and the whole core.
  direction([`${SRC}/*.test.ts`], [zone("Tests of the core use no sub-path but testing.", foldersBut("testing"))]),
  ...SUB_PATHS.map((name) =>
    direction(
      [`${folder(name)}/**/*.test.ts`],
      [zone("Tests of a sub-path use no other but testing.", foldersBut(name, "testing"))],
    ),
  ),
]
