// Which file of packages/evertoken/src may import which, as ESLint configurations. Imports point one way: a file imports
// its own tier and those before it. Type imports count too.
import { readdirSync } from "node:fs"
import path from "node:path"

const ROOT = path.resolve(import.meta.dirname, "..")
const SRC = "packages/evertoken/src"

const entries = readdirSync(path.join(ROOT, SRC), { withFileTypes: true })

const NOUNS = ["token", "errors", "clock", "milliseconds", "options-object", "shown-value"]
// What the nouns do without. Neither needs the other.
const TELLING_AND_CHANCE = ["events", "random"]
const CONTRACTS = ["token-lifetime", "token-source", "token-cache", "jitter", "error-backoff"]
// Between these and those stands the renewal: every file that no tier names.
const WATCHER = [
  ...["token-watcher", "watched-token", "first-token", "token-publication", "slice-timer"],
  ...["renewal-schedule", "renewal-setbacks", ...sourcesWith("watcher-")],
]
const POOL = [...sourcesWith("token-pool"), "shared-timer", "concurrency-limit", "recently-used"]
const AFTER_RENEWAL = [["cached-token-source"], WATCHER, POOL]

// Every folder is a sub-path export, such as evertoken/oauth2.
const SUB_PATHS = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)

function sourcesWith(prefix) {
  return entries
    .filter(({ name }) => name.startsWith(prefix) && name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map(({ name }) => path.basename(name, ".ts"))
}

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

// The package by its own name is what was built last, or another copy of it.
const OWN_NAME = { regex: "^evertoken(/|$)", message: "Inside the package, import the file that defines it." }

/** For `files`, in place of what an earlier configuration said of them. */
function bareImports(files, patterns) {
  return { files, rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns }] } }
}

const core = zone("The core imports no sub-path.", foldersBut())

export const importDirection = [
  direction(
    [`${SRC}/*.ts`],
    [core, zone("This stands after the renewal and imports it, not the other way.", AFTER_RENEWAL.flat().map(file))],
  ),
  importsOnly(NOUNS, NOUNS),
  ...TELLING_AND_CHANCE.map((name) => importsOnly([name], [...NOUNS, name])),
  importsOnly(CONTRACTS, [...NOUNS, ...TELLING_AND_CHANCE, ...CONTRACTS]),
  ...AFTER_RENEWAL.map((tier, index) => {
    const later = AFTER_RENEWAL.slice(index + 1).flat()
    const zones = later.length > 0 ? [zone("This imports the file, not the other way.", later.map(file))] : []
    return direction(tier.map(file), [core, ...zones])
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
  // What the package's own tests share is no part of it.
  direction([`${folder("testing")}/internal/**/*.ts`], []),
  bareImports([`${SRC}/**/*.ts`], [OWN_NAME]),
  // Whatever tells of what happens must not depend on it: it takes the shape of its events from types alone.
  bareImports(
    [file("events")],
    [OWN_NAME, { regex: "^\\.", allowTypeImports: true, message: "The events import types only." }],
  ),
]
