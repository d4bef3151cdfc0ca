import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import path from "node:path"
import { describe, expect, it } from "vitest"

const root = path.resolve(import.meta.dirname, "../..")

/** What only a few tests need, hundreds of files each: it is installed apart, when it is needed. */
const SDK = /node_modules\/(@aws-sdk|@azure|@google-cloud|@modelcontextprotocol|@smithy|google-auth-library)(\/|$)/

interface LockFile {
  readonly packages: Record<string, { readonly resolved?: string }>
}

const lockFiles = execFileSync("git", ["ls-files", "package-lock.json", "*/package-lock.json"], { cwd: root })
  .toString()
  .trim()
  .split("\n")

function packagesOf(lockFile: string): LockFile["packages"] {
  return (JSON.parse(readFileSync(path.join(root, lockFile), "utf8")) as LockFile).packages
}

describe("the lock files", () => {
  it("the workspace's has no SDK", () => {
    expect(Object.keys(packagesOf("package-lock.json")).filter((name) => SDK.test(name))).toEqual([])
  })

  it("the workspace's has no library that this one is compared with, but for those that its own examples use", () => {
    const { dependencies } = JSON.parse(readFileSync(path.join(root, "test/peers/package.json"), "utf8")) as {
      readonly dependencies: object
    }
    const peers = Object.keys(dependencies).filter((name) => !["axios", "undici"].includes(name))
    expect(peers.length).toBeGreaterThan(8)
    const installed = Object.keys(packagesOf("package-lock.json"))
    expect(peers.filter((name) => installed.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual([])
  })

  it("those of the folders that are installed apart have them", () => {
    const names = lockFiles
      .filter((file) => file !== "package-lock.json")
      .flatMap((file) => Object.keys(packagesOf(file)))
    expect(names).toEqual(expect.arrayContaining(["node_modules/google-auth-library", "node_modules/@azure/core-auth"]))
  })

  it.each(lockFiles)("%s names no registry", (file) => {
    const resolved = Object.values(packagesOf(file)).flatMap((entry) => entry.resolved ?? [])
    expect(resolved.filter((address) => /^\w+:\/\//.test(address))).toEqual([])
  })
})
