import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type ErrorCode,
  type Pair,
} from "yaml"
import type { PlacedProblem } from "./config-error.js"

/** What stands in a YAML file, and where. */
export interface YamlSource {
  readonly value: unknown
  /** Why it is no YAML 1.2; nothing of its content is in there. The value is undefined then. */
  readonly problems: readonly PlacedProblem[]
  /** Of a value, or of the key of it; of the nearest place around it, where it is not there. */
  positionOf(path: readonly PropertyKey[], of: "key" | "value"): { readonly line: number; readonly column: number }
}

const MOST_ALIASES = 100

// the parser's own words may quote what stands there: a secret, perhaps
const WORDS: Partial<Record<ErrorCode, string>> = {
  BAD_DQ_ESCAPE: "double quotes do not know this escape: take single quotes, or write \\\\",
  BAD_INDENT: "must be indented as the lines that it belongs to; is a bracket or quote not closed?",
  BAD_SCALAR_START: "a text that begins so must stand in quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "a colon followed by a space is not expected here: does this text need quotes, or a line of its own?",
  DUPLICATE_KEY: "this key is there already: leave one of them out",
  MISSING_CHAR: "something is missing here: a closing quote or bracket, a comma, or a space",
  MULTILINE_IMPLICIT_KEY: "a key must stand on one line: is a colon missing, or the space after it?",
  MULTIPLE_DOCS: "a second document begins here: one file holds one configuration",
  NON_STRING_KEY: "a key must be a text",
  TAB_AS_INDENT: "YAML is indented with spaces, not with tabs",
  TAG_RESOLVE_FAILED: "this tag (!...) is not known: a text that begins with ! must stand in quotes",
}

/** Reads YAML 1.2: duplicate keys are errors, keys are texts, and aliases are limited. */
export function parseYaml(text: string): YamlSource {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: "core",
    stringKeys: true,
  })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const problem = (offset: number, message: string) => ({ ...at(offset), field: "", message })
  const problems = [...document.errors, ...document.warnings].map(({ code, pos }) =>
    problem(pos[0], WORDS[code] ?? "is not valid YAML here"),
  )
  for (const { offset, message } of forbiddenIn(document)) problems.push(problem(offset, message))
  const positionOf: YamlSource["positionOf"] = (path, of) => at(offsetOf(document, path, of))
  if (problems.length > 0) return { value: undefined, problems, positionOf }
  try {
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }), problems, positionOf }
  } catch {
    return {
      value: undefined,
      problems: [problem(0, `more than ${MOST_ALIASES} aliases (*...) are too many`)],
      positionOf,
    }
  }
}

/** Aliases of what is not there, or of what they stand in; keys that no object of JavaScript can have as its own. */
function forbiddenIn(document: Document) {
  const found: { readonly offset: number; readonly message: string }[] = []
  visit(document, {
    Alias(_, alias, ancestors) {
      const target = alias.resolve(document)
      const offset = startOf(alias)
      if (target === undefined) found.push({ offset, message: "there is no anchor (&...) of this name before it" })
      else if (ancestors.includes(target))
        found.push({ offset, message: "this alias stands in what it is an alias of" })
    },
    Pair(_, { key }) {
      if (isScalar(key) && key.value === "__proto__") {
        found.push({ offset: startOf(key), message: "a key must not be __proto__" })
      }
    },
  })
  return found
}

function offsetOf(document: Document, path: readonly PropertyKey[], of: "key" | "value"): number {
  let node: unknown = document.contents
  let key = startOf(node)
  let value = key
  for (const [index, segment] of path.entries()) {
    const next = entryOf(document, node, segment)
    // it is missing: what should have it is named by its key
    if (next === undefined) return key
    node = next.value
    key = startOf(next.key, startOf(node, key))
    value = isScalar(node) && node.value === null ? key : startOf(node, key)
    if (of === "key" && index === path.length - 1) return key
  }
  return value
}

function entryOf(document: Document, node: unknown, segment: PropertyKey): Pick<Pair, "key" | "value"> | undefined {
  const target = isAlias(node) ? node.resolve(document) : node
  if (isMap(target)) {
    return target.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment))
  }
  if (isSeq(target) && target.has(segment)) return { key: undefined, value: target.get(segment, true) }
  return undefined
}

function startOf(node: unknown, otherwise = 0): number {
  return (isNode(node) ? node.range?.[0] : undefined) ?? otherwise
}
