import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const ROOT = fileURLToPath(new URL("../..", import.meta.url))

const APART = /^(node_modules|dist|coverage|reports|api|\..+)$/

/** A page in Markdown: its path from the root of the repository, and its text. */
export interface Page {
  readonly path: string
  readonly text: string
}

/** What stands between two fences. */
export interface Snippet {
  readonly page: string
  /** The line of its first line, from 1. */
  readonly line: number
  readonly language: string
  /** Without the indentation of its fence. */
  readonly text: string
}

/** Every page of the repository. */
export async function pages(): Promise<readonly Page[]> {
  const paths = await markdownIn("")
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(ROOT, path), "utf8") })))
}

async function markdownIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(ROOT, folder), { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) return APART.test(entry.name) ? [] : await markdownIn(path)
      return entry.name.endsWith(".md") ? [path] : []
    }),
  )
  return found.flat().sort()
}

/** What a page has between fences, of one language. */
export function snippetsOf({ path, text }: Page, language: string): readonly Snippet[] {
  const fences = text.matchAll(new RegExp(`^( *)\`\`\`${language}\n(.*?)^\\1\`\`\`$`, "gms"))
  return [...fences].map(({ index, 1: indent = "", 2: inside = "" }) => ({
    page: path,
    line: text.slice(0, index).split("\n").length + 1,
    language,
    text: inside.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }))
}

/** The page without what stands between its fences. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(/^( *)```.*?^\1```$/gms, "").replaceAll(/<!--.*?-->/gs, "")
}
