import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { pages, snippetsOf } from "../readme/documents.js"
import { nodeBinary } from "./node-binary.js"
import { Project } from "./project.js"

const tarballs = inject("tarballs")

// What the packages' engines say. Node.js loads ES modules by `require` from 20.19 and 22.12 on.
const FLOOR = "20.18.1"
const canRequire = "require_module" in process.features && process.features.require_module

const RESOLUTIONS = ["--module node16", "--module nodenext", "--module esnext --moduleResolution bundler"]

const ONCE_AND_RENEWED = `{"issued":2,"answers":[{"sent":"Bearer token-1"},{"kept":"Bearer token-1"},{"renewed":"Bearer token-2"}]}\n`

describe.each([
  // each with the optional peers without which one of its entry points is of no use
  { name: "evertoken", packages: [tarballs.evertoken, "@opentelemetry/api@1.9"] },
  { name: "@evertoken/session", packages: [tarballs.evertoken, tarballs.session, "kysely@0.28"] },
  { name: "@evertoken/server", packages: [tarballs.evertoken, tarballs.server] },
])("$name, installed from its tarball into an empty project", ({ name, packages }) => {
  let project: Project
  let entryPoints: string[]

  beforeAll(async () => {
    project = await Project.create([...packages, "@types/node@20"])
    entryPoints = await project.entryPoints(name)
    const imports = entryPoints.map((one, i) => `import * as all${i} from "${one}"\n`).join("")
    const uses = `console.log(${entryPoints.map((_, i) => `typeof all${i}`).join(", ")})\n`
    await project.write("all.mts", imports + uses)
    await project.write("all.mjs", imports + uses)
    await project.write("all.cjs", imports.replaceAll(/import \* as (\w+) from (.*)/g, "const $1 = require($2)") + uses)
  })

  afterAll(() => project.remove())

  const loaded = () => `${entryPoints.map(() => "object").join(" ")}\n`

  it("loads every entry point as ES module", async () => {
    expect(await project.run("all.mjs")).toBe(loaded())
  })

  it.runIf(canRequire)("loads every entry point by require", async () => {
    expect(await project.run("all.cjs")).toBe(loaded())
  })

  it(`loads every entry point on Node.js ${FLOOR}, where require says what to do instead`, async () => {
    const node = await nodeBinary(FLOOR)
    expect(await project.run("all.mjs", node)).toBe(loaded())
    await expect(project.run("all.cjs", node)).rejects.toThrow(/ERR_REQUIRE_ESM|dynamic import\(\)/)
  })

  it.each(RESOLUTIONS)("has types that a strict compiler accepts, libraries included: %s", async (options) => {
    expect(await project.compile("all.mts", options)).toBe("")
  })
})

describe("an application with the types of the newest Node.js", () => {
  let project: Project

  beforeAll(async () => {
    const packages = [tarballs.evertoken, "@opentelemetry/api@1.9", "@types/node@26"]
    project = await Project.create(packages)
    const entryPoints = await project.entryPoints("evertoken")
    await project.write("all.mts", entryPoints.map((one) => `import "${one}"\n`).join(""))
    await project.write(
      "keys.mts",
      `import { DPoPKey, type PrivateKey } from "evertoken/oauth2"
import { createPrivateKey } from "node:crypto"
const jwk = createPrivateKey("").export({ format: "jwk" })
export const keys: PrivateKey[] = [jwk, { kty: "EC", kid: "one" }]
export const key = DPoPKey.from(jwk)\n`,
    )
  })

  afterAll(() => project.remove())

  it.each(["all.mts", "keys.mts"])("compiles, libraries included: %s", async (file) => {
    expect(await project.compile(file, "--module nodenext")).toBe("")
  })
})

describe("an application with evertoken from its tarball", () => {
  let project: Project

  beforeAll(async () => {
    project = await Project.create([tarballs.evertoken, "@types/node@20"])
  })

  afterAll(() => project.remove())

  it("compiles the first program of its README", async () => {
    const readme = (await pages()).find(({ path }) => path === "packages/evertoken/README.md")
    const [program] = readme === undefined ? [] : snippetsOf(readme, "ts")
    await project.write("readme.mts", program?.text ?? "no program")
    expect(await project.compile("readme.mts", "--module nodenext")).toBe("")
  })

  it("is accepted in CommonJS by a compiler that knows of require for ES modules, and refused by node16", async () => {
    await project.write("commonjs.cts", `import { TokenWatcher } from "evertoken"\nconsole.log(TokenWatcher)\n`)
    expect(await project.compile("commonjs.cts", "--module nodenext")).toBe("")
    expect(await project.compile("commonjs.cts", "--module node16")).toMatch(/error TS1479: .* ECMAScript module/)
  })

  it.each(["module.mjs", "commonjs-import.cjs", ...(canRequire ? ["commonjs.cjs"] : [])])(
    "asks the issuer once, keeps the token in a file and renews it: %s",
    async (program) => {
      expect(await project.run(program)).toBe(ONCE_AND_RENEWED)
    },
  )

  it.each(["module.mjs", "commonjs-import.cjs"])(`does so on Node.js ${FLOOR}: %s`, async (program) => {
    expect(await project.run(program, await nodeBinary(FLOOR))).toBe(ONCE_AND_RENEWED)
  })
})

describe("a host with @evertoken/server from its tarball", () => {
  let project: Project

  beforeAll(async () => {
    project = await Project.create([tarballs.evertoken, tarballs.server])
  })

  afterAll(() => project.remove())

  it.each(["this Node.js", `Node.js ${FLOOR}`])("has the command, on %s", async (node) => {
    const program = "node_modules/@evertoken/server/bin/evertoken.js"
    const binary = node === "this Node.js" ? process.execPath : await nodeBinary(FLOOR)
    expect(await project.run(`${program} --version`, binary)).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
