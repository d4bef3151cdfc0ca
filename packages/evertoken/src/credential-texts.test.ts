import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeEach, expect, it } from "vitest"
import { EventLog } from "./testing/internal/event-log.js"
import { madeOf } from "./credential-texts.js"

const directory = mkdtempSync(join(tmpdir(), "evertoken-credentials-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const paths = { certificate: join(directory, "certificate"), key: join(directory, "key") }
const files = { certificate: { file: paths.certificate }, key: { file: paths.key } }

function write(certificate: string, key: string): void {
  writeFileSync(paths.certificate, `${certificate}\n`)
  writeFileSync(paths.key, `${key}\n`)
}

let events: EventLog
let made: string[]
beforeEach(() => {
  events = new EventLog()
  made = []
})
afterEach(() => events.end())

/** Those belong together that begin with the same letter. */
function pairOf({ certificate = "", key = "" }: Readonly<Record<string, string>>): string {
  if (!key.startsWith(certificate.charAt(0))) throw new TypeError("certificate and key do not belong together")
  made.push(certificate + key)
  return certificate + key
}

it("is made again when a file has changed, and only then, however many ask", async () => {
  const current = madeOf(files, pairOf)
  write("a1", "a2")
  expect(await Promise.all([current(), current(), current()])).toEqual(["a1a2", "a1a2", "a1a2"])
  expect(await current()).toBe("a1a2")
  write("b1", "b2")
  expect([await current(), await current()]).toEqual(["b1b2", "b1b2"])
  expect(made).toEqual(["a1a2", "b1b2"])
  expect(events.of("credentials-kept")).toEqual([])
})

it("is made of a text beside a file", async () => {
  write("a1", "a2")
  expect(await madeOf({ certificate: files.certificate, key: "a3" }, pairOf)()).toBe("a1a3")
})

it("what was made before stays in use while files are half written, or gone, which is told without what they hold", async () => {
  const current = madeOf(files, pairOf)
  write("a1", "a2")
  await current()
  write("b-certificate", "a2")
  expect(await current()).toBe("a1a2")
  rmSync(paths.key)
  expect(await current()).toBe("a1a2")
  write("b-certificate", "b-key")
  expect(await current()).toBe("b-certificateb-key")
  expect(events.of("credentials-kept")).toEqual([
    { detail: `${paths.certificate} and ${paths.key} cannot be used: certificate and key do not belong together` },
    { detail: `${paths.key} cannot be read: ENOENT; is the program that writes it running?` },
  ])
})

it("with nothing before, files that cannot be used are a transient failure, which later ones mend", async () => {
  const current = madeOf(files, pairOf)
  write("a1", "b2")
  await expect(current()).rejects.toMatchObject({ code: "ERR_TOKEN_SOURCE", transient: true, ambiguous: false })
  write("a1", "a2")
  expect(await current()).toBe("a1a2")
  expect(events.of("credentials-kept")).toEqual([])
})

it("the message of an error that is not the library's own is not shown", async () => {
  write("a1", "a2")
  const current = madeOf(files, ({ key }) => {
    throw Object.assign(new TypeError(`invalid: ${key}`), { code: "ERR_INVALID_ARG_VALUE" })
  })
  const message = `${paths.certificate} and ${paths.key} cannot be used: TypeError ERR_INVALID_ARG_VALUE`
  await expect(current()).rejects.toMatchObject({ message })
})

it("texts alone are looked at once, and at once", async () => {
  expect(() => madeOf({ certificate: "a1", key: "b2" }, pairOf)).toThrow(TypeError)
  const current = madeOf({ certificate: "a1", key: "a2" }, pairOf)
  expect([await current(), await current(), made]).toEqual(["a1a2", "a1a2", ["a1a2"]])
})
