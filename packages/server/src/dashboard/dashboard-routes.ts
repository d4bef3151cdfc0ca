import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { extname } from "node:path"
import { pathToFileURL } from "node:url"
import type { FastifyInstance } from "fastify"

// the same directory from src and from dist: what a browser gets is what is in the repository
const PAGE = new URL("../../src/dashboard/page/", import.meta.url)

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
}

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ")

const HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // asked for each time, and sent again only if it is another one: never an old script with a new server
  "cache-control": "no-cache",
}

interface PageFile {
  readonly path: string
  readonly contentType: string
  readonly body: Buffer
}

/** The dashboard: files as they are, which are the same for everybody and know no token. */
export async function dashboardRoutes(app: FastifyInstance): Promise<void> {
  for (const file of [...(await pageFiles()), ...(await chartFiles())]) serve(app, file)
}

function serve(app: FastifyInstance, { path, contentType, body }: PageFile): void {
  const etag = `"${createHash("sha256").update(body).digest("base64url")}"`
  app.get(path, { config: { access: "page" }, schema: { hide: true } }, async (request, reply) => {
    reply.headers({ ...HEADERS, etag })
    if (request.headers["if-none-match"] === etag) return reply.code(304).send()
    return reply.type(contentType).send(body)
  })
}

async function pageFiles(): Promise<readonly PageFile[]> {
  const names = (await readdir(PAGE)).filter((name) => extname(name) in CONTENT_TYPES)
  return Promise.all(
    names.map((name) => pageFile(name === "index.html" ? "/" : `/dashboard/${name}`, new URL(name, PAGE))),
  )
}

/** The charting library, from where it is installed. */
async function chartFiles(): Promise<readonly PageFile[]> {
  const main = pathToFileURL(createRequire(import.meta.url).resolve("uplot"))
  return Promise.all([
    pageFile("/dashboard/uplot.js", new URL("uPlot.esm.js", main)),
    pageFile("/dashboard/uplot.css", new URL("uPlot.min.css", main)),
  ])
}

async function pageFile(path: string, url: URL): Promise<PageFile> {
  return { path, contentType: CONTENT_TYPES[extname(url.pathname)] ?? "", body: await readFile(url) }
}
