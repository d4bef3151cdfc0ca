#!/usr/bin/env node
// in the repository, and not built, so that npm finds a command to link before there is a build
import { existsSync } from "node:fs"
import { URL } from "node:url"

const main = new URL("../dist/main.js", import.meta.url)
if (existsSync(main)) {
  await import(main.href)
} else {
  console.error("evertoken is not built here: npm run build")
  process.exitCode = 1
}
