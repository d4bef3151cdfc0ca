import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL("../../", import.meta.url))

/** All that an application can get hold of; what keeps tokens is not among it. */
const EXPORTED = {
  "": ["SessionError", "TokenTable", "UserTokenPool", "createTokenManager"],
  "/postgres": ["createTable", "postgresTable"],
  "/kysely": ["createTable", "kyselyTable"],
  "/web": ["webContext", "withTokens"],
  "/express": ["expressContext", "expressTokens"],
  "/fastify": ["fastifyContext", "fastifyTokens"],
  "/hono": ["honoContext", "honoTokens"],
}

describe("the packed @evertoken/session", () => {
  let directory: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "evertoken-packed-"))
    const packages = join(directory, "node_modules/@evertoken/session")
    await mkdir(packages, { recursive: true })
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", directory], {
      cwd: join(ROOT, "packages/session"),
    })
    const [packed] = JSON.parse(stdout) as [{ filename: string }]
    await run("tar", ["xzf", join(directory, packed.filename), "-C", packages, "--strip-components=1"])
    const { dependencies, peerDependencies } = JSON.parse(await readFile(join(packages, "package.json"), "utf8")) as {
      dependencies: object
      peerDependencies: object
    }
    for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
      const own = join(ROOT, "packages/session/node_modules", name)
      const target = await readFile(join(own, "package.json")).then(
        () => own,
        () => join(ROOT, "node_modules", name),
      )
      await symlink(target, join(directory, "node_modules", name))
    }
  }, 120_000)

  afterAll(() => rm(directory, { recursive: true, force: true }))

  async function printed(program: string): Promise<unknown> {
    const file = join(directory, "program.mjs")
    await writeFile(file, program)
    return JSON.parse((await run(process.execPath, [file])).stdout)
  }

  it.each(Object.entries(EXPORTED))("@evertoken/session%s gives these names, and no other", async (path, names) => {
    const program = `console.log(JSON.stringify(Object.keys(await import("@evertoken/session${path}"))))`
    expect(await printed(program)).toEqual(names)
  })

  it("has no other entry: neither strategy, coder nor adapter can be imported", async () => {
    const { exports } = JSON.parse(
      await readFile(join(directory, "node_modules/@evertoken/session/package.json"), "utf8"),
    ) as { exports: object }
    const entries = Object.keys(exports).map((path) => path.slice(1))
    expect(entries.filter((path) => path !== "/package.json").sort()).toEqual(Object.keys(EXPORTED).sort())
    const files = ["cookie/cookie-strategy", "database/kept-tokens", "database/token-table", "session-tokens"]
    const program = `
      const codes = []
      for (const file of ${JSON.stringify(files)}) {
        await readFile("node_modules/@evertoken/session/dist/" + file + ".js")
        codes.push(await import("@evertoken/session/dist/" + file + ".js").then(() => "imported", ({ code }) => code))
      }
      console.log(JSON.stringify(codes))`
    const withFiles = `import { readFile } from "node:fs/promises"\nprocess.chdir(${JSON.stringify(directory)})${program}`
    expect(await printed(withFiles)).toEqual(files.map(() => "ERR_PACKAGE_PATH_NOT_EXPORTED"))
  })

  it("has nothing to call on a table, and on a manager only what is promised", async () => {
    const program = `
      import { createTokenManager } from "@evertoken/session"
      import { postgresTable } from "@evertoken/session/postgres"
      import { EncryptionKey, Keyring } from "evertoken/encryption"
      import { randomBytes } from "node:crypto"
      const names = (object) => {
        const all = new Set()
        for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
          for (const name of Reflect.ownKeys(at)) all.add(String(name))
        }
        return [...all].filter((name) => name !== "constructor").sort()
      }
      const table = postgresTable({ query: async () => ({ rows: [] }) })
      const manager = createTokenManager({
        keyring: new Keyring([EncryptionKey.from(randomBytes(32))]),
        types: { refresh: { strategy: "database", table } },
      })
      console.log(JSON.stringify([names(table), names(manager)]))`
    expect(await printed(program)).toEqual([[], ["accessToken", "delete", "deleteMany", "get", "pool", "set"]])
  })
})
