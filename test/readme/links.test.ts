import { existsSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { expect, test } from "vitest"
import { pages, proseOf, ROOT, type Page } from "./documents.js"

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: Page): readonly string[] {
  const headings = [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) => anchorOf(text))
  return headings.map((anchor, i) => {
    const before = headings.slice(0, i).filter((other) => other === anchor).length
    return before === 0 ? anchor : `${anchor}-${before}`
  })
}

function anchorOf(heading: string): string {
  const shown = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
  return shown
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-")
}

/** The links of a page that lead nowhere. Those to other sites are not followed. */
function brokenIn(page: Page, all: readonly Page[]): readonly string[] {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, "")
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(([, a, b]) => a ?? b ?? "")
  return targets.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(page, target, all))
}

function leadsSomewhere(page: Page, target: string, all: readonly Page[]): boolean {
  const [file = "", anchor] = target.split("#")
  const path = file === "" ? page.path : normalize(join(dirname(page.path), file))
  const isHere = path === page.path || (!path.startsWith("..") && existsSync(join(ROOT, path)))
  if (!isHere) return false
  if (anchor === undefined) return true
  const there = path === page.path ? page : all.find((other) => other.path === path)
  return there !== undefined && anchorsOf(there).includes(anchor)
}

test("every link between pages, and to a heading, leads somewhere", async () => {
  const all = await pages()
  const broken = all.flatMap((page) => brokenIn(page, all).map((target) => `${page.path}: ${target}`))
  expect(broken).toEqual([])
})

test("a link to a file, a heading or a picture that is not there is found", () => {
  const text = '# One two\n\n[a](#one-two) [b](#three) [c](gone.md) <img src="gone.png"> [d](../README.md)\n'
  const page = { path: "docs/page.md", text }
  expect(brokenIn(page, [page])).toEqual(["#three", "gone.md", "gone.png"])
})
