import { describe, expect, it } from "vitest"
import { loadedPackages } from "./loaded-packages.js"

async function loadedBy(specifier: string): Promise<string[]> {
  return [...(await loadedPackages(`await import(${JSON.stringify(specifier)})`))].sort()
}

describe("importing an entry point", () => {
  it("evertoken loads rxjs and pure-rand, and nothing else", async () => {
    expect(await loadedBy("evertoken")).toEqual(["evertoken", "pure-rand", "rxjs"])
  })

  it("evertoken/file loads proper-lockfile only once a claim needs it", async () => {
    const loaded = await loadedBy("evertoken/file")
    expect(loaded).toContain("evertoken")
    for (const name of ["proper-lockfile", "oauth4webapi", "undici"]) expect(loaded).not.toContain(name)
  })

  it("evertoken/postgres loads no client of a database", async () => {
    const loaded = await loadedBy("evertoken/postgres")
    expect(["evertoken", "pure-rand", "rxjs"]).toEqual(expect.arrayContaining(loaded))
  })

  it("evertoken/oauth2 loads no file locks", async () => {
    const loaded = await loadedBy("evertoken/oauth2")
    expect(loaded).toContain("oauth4webapi")
    expect(loaded).not.toContain("proper-lockfile")
  })

  it("evertoken/redis loads the core, and no client", async () => {
    const loaded = await loadedBy("evertoken/redis")
    expect(loaded).toContain("evertoken")
    expect(["evertoken", "pure-rand", "rxjs"]).toEqual(expect.arrayContaining(loaded))
  })

  it("evertoken/row loads the core, and no client of a database", async () => {
    const loaded = await loadedBy("evertoken/row")
    expect(loaded).toContain("evertoken")
    expect(["evertoken", "pure-rand", "rxjs"]).toEqual(expect.arrayContaining(loaded))
  })

  it("evertoken/http loads no OAuth 2 client and no file locks", async () => {
    const loaded = await loadedBy("evertoken/http")
    expect(loaded).toContain("evertoken")
    for (const name of ["oauth4webapi", "proper-lockfile"]) expect(loaded).not.toContain(name)
  })

  it("evertoken/opentelemetry loads its API, and no exporter", async () => {
    const loaded = await loadedBy("evertoken/opentelemetry")
    expect(["@opentelemetry/api", "evertoken"]).toEqual(expect.arrayContaining(loaded))
  })

  it("evertoken/server-client loads undici, and nothing that speaks to an issuer or holds files", async () => {
    const loaded = await loadedBy("evertoken/server-client")
    expect(loaded).toContain("undici")
    expect(["evertoken", "pure-rand", "rxjs", "undici"]).toEqual(expect.arrayContaining(loaded))
  })

  it("evertoken/encryption loads jose, and nothing that speaks to the system's keyring", async () => {
    const loaded = await loadedBy("evertoken/encryption")
    expect(loaded).toContain("jose")
    expect(["evertoken", "jose", "pure-rand", "rxjs"]).toEqual(expect.arrayContaining(loaded))
  })

  it("none but evertoken/encryption and evertoken/oauth2 loads jose", async () => {
    for (const name of ["", "/file", "/http", "/testing", "/adapters/mcp"]) {
      expect(await loadedBy(`evertoken${name}`)).not.toContain("jose")
    }
  })

  it.each(["mcp", "azure", "google", "aws"])(
    "evertoken/adapters/%s loads the core, and nothing of an SDK",
    async (name) => {
      const loaded = await loadedBy(`evertoken/adapters/${name}`)
      expect(loaded).toContain("evertoken")
      expect(["evertoken", "pure-rand", "rxjs"]).toEqual(expect.arrayContaining(loaded))
    },
  )

  it("evertoken/testing loads no test runner and no client", async () => {
    const loaded = await loadedBy("evertoken/testing")
    expect(loaded).toContain("evertoken")
    for (const name of ["vitest", "fast-check", "oauth4webapi", "undici", "proper-lockfile"]) {
      expect(loaded).not.toContain(name)
    }
  })
})

describe("the list of loaded packages", () => {
  it("sees a package that is required by another one", async () => {
    const loaded = await loadedPackages(`await import("proper-lockfile")`)
    expect([...loaded]).toEqual(expect.arrayContaining(["proper-lockfile", "graceful-fs", "retry", "signal-exit"]))
  })
})
