import { spawn } from "node:child_process"
import { once } from "node:events"
import { setImmediate } from "node:timers/promises"
import { describe, expect, test, vi } from "vitest"
import { beginFlight, decodeOwner, encodeOwner, endFlight, stateOf, type ClaimOwner } from "./claim-owner.js"
import { currentProcess, namespaceMarker, threadStatus, type ProcessIdentity } from "./process-identity.js"

// /proc tells when a process or a thread began
const HAS_PROC = process.platform === "linux"

const ownerOf = (identity: ProcessIdentity, changes: Partial<ClaimOwner> = {}): ClaimOwner => ({
  ...identity,
  instance: "another",
  flight: "flight",
  abandoned: false,
  ...changes,
})

const LOCAL = { boot: "boot", pidNamespace: "pid:[1]", thread: process.pid, startTime: 1 }
const MAC: ProcessIdentity = { instance: "i", host: "host", platform: "darwin", pid: process.pid }

// beyond the highest pid that Linux gives out
const NO_PID = 4_194_305

describe("the owner of a claim", () => {
  test("in this thread lives as long as its flight", async () => {
    const me = await currentProcess()
    const owner = ownerOf(me, { instance: me.instance })
    expect(await stateOf(owner, me)).toBe("gone")
    beginFlight(owner.flight)
    expect(await stateOf(owner, me)).toBe("alive")
    endFlight(owner.flight)
    expect(await stateOf(owner, me)).toBe("gone")
  })

  test("that has abandoned it is gone, whoever it is", async () => {
    const me = await currentProcess()
    beginFlight("flight")
    expect(await stateOf(ownerOf(me, { instance: me.instance, abandoned: true }), me)).toBe("gone")
    endFlight("flight")
  })

  test("that cannot be understood is unknown", async () => {
    expect(await stateOf(undefined, await currentProcess())).toBe("unknown")
  })

  test("on another host or in another container is unknown", async () => {
    const me = { ...(await currentProcess()), local: LOCAL }
    expect(await stateOf(ownerOf(me, { local: { ...LOCAL, boot: "another" } }), me)).toBe("unknown")
    expect(await stateOf(ownerOf(me, { local: { ...LOCAL, pidNamespace: "pid:[2]" } }), me)).toBe("unknown")
    expect(await stateOf(ownerOf(me, { local: undefined }), me)).toBe("unknown")
    expect(await stateOf(ownerOf(MAC), me)).toBe("unknown")
    expect(await stateOf(ownerOf(me), MAC)).toBe("unknown")
  })

  test("where the system does not tell when a process began is gone if its pid is free, else unknown", async () => {
    expect(await stateOf(ownerOf(MAC, { pid: NO_PID }), MAC)).toBe("gone")
    expect(await stateOf(ownerOf(MAC), MAC)).toBe("unknown")
    expect(await stateOf(ownerOf(MAC, { pid: NO_PID, host: "another" }), MAC)).toBe("unknown")
    const withoutProc = { ...MAC, platform: "linux" }
    expect(await stateOf(ownerOf(withoutProc, { pid: NO_PID }), withoutProc)).toBe("unknown")
  })

  test("whose pid is there but may not be signalled is not gone", async () => {
    const kill = vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error("EPERM"), { code: "EPERM" })
    })
    try {
      expect(await stateOf(ownerOf(MAC), MAC)).toBe("unknown")
    } finally {
      kill.mockRestore()
    }
  })
})

describe.runIf(HAS_PROC)("on Linux", () => {
  test("a living process is known by pid, thread and start time", async () => {
    const me = await currentProcess()
    expect(me.local).toBeDefined()
    expect(await stateOf(ownerOf(me), me)).toBe("alive")
  })

  test("a pid or a thread number that has gone to another is not the owner", async () => {
    const me = await currentProcess()
    const local = me.local ?? LOCAL
    const another = { ...local, startTime: local.startTime - 1 }
    expect(await stateOf(ownerOf(me, { local: another }), me)).toBe("gone")
    expect(await stateOf(ownerOf(me, { local: { ...local, thread: NO_PID } }), me)).toBe("gone")
    expect(await stateOf(ownerOf(me, { pid: NO_PID }), me)).toBe("gone")
  })

  test("a process that has ended and that nobody has waited for is gone", async () => {
    const me = await currentProcess()
    // the shell turns into sleep, which never waits for the child that ends meanwhile
    const parent = spawn("/bin/sh", ["-c", "read line & exec sleep 60"], { stdio: ["ignore", "ignore", "inherit"] })
    try {
      const pid = await zombieChildOf(parent.pid ?? 0)
      const status = await threadStatus(pid, pid)
      expect(status?.ended).toBe(true)
      const local = { ...(me.local ?? LOCAL), thread: pid, startTime: status?.startTime ?? 0 }
      expect(await stateOf(ownerOf(me, { pid, local }), me)).toBe("gone")
    } finally {
      parent.kill("SIGKILL")
      await once(parent, "exit")
    }
  })

  test("processes in one pid namespace have one marker, in two they have two", async () => {
    const me = await currentProcess()
    expect(namespaceMarker({ ...me, host: "another" })).toBe(namespaceMarker(me))
    const local = { ...(me.local ?? LOCAL), pidNamespace: "pid:[2]" }
    expect(namespaceMarker({ ...me, local })).not.toBe(namespaceMarker(me))
    expect(namespaceMarker(MAC)).not.toBe(namespaceMarker({ ...MAC, host: "another" }))
  })
})

async function zombieChildOf(parent: number): Promise<number> {
  const { readFile } = await import("node:fs/promises")
  for (;;) {
    await setImmediate()
    const children = await readFile(`/proc/${parent}/task/${parent}/children`, "utf8").catch(() => "")
    const pid = Number(children.trim().split(" ")[0])
    if (pid > 0 && (await threadStatus(pid, pid))?.ended) return pid
  }
}

describe("what is written into a claim", () => {
  test("is read as it was written", async () => {
    const owner = ownerOf(await currentProcess())
    expect(decodeOwner(encodeOwner(owner, 1))).toEqual(owner)
    expect(decodeOwner(encodeOwner(ownerOf(MAC, { abandoned: true }), 1))).toEqual(ownerOf(MAC, { abandoned: true }))
  })

  test.each([
    ["nothing", undefined],
    ["half of it", '{"evertoken": 1, "fli'],
    ["of a future version", JSON.stringify({ evertoken: 2, ...ownerOf(MAC) })],
    ["without a flight", JSON.stringify({ evertoken: 1, ...ownerOf(MAC), flight: undefined })],
    ["with a pid that means a group of processes", JSON.stringify({ evertoken: 1, ...ownerOf(MAC), pid: -1 })],
    ["with a pid that no process can have", JSON.stringify({ evertoken: 1, ...ownerOf(MAC), pid: 2 ** 31 })],
    ["with all processes for a pid", JSON.stringify({ evertoken: 1, ...ownerOf(MAC), pid: 0 })],
  ])("and is %s says nothing about its owner", (_, text) => {
    expect(decodeOwner(text === undefined ? undefined : Buffer.from(text))).toBeUndefined()
  })

  test("with a place in time and space that cannot be understood leaves that out", () => {
    const text = JSON.stringify({ evertoken: 1, ...ownerOf(MAC), local: { ...LOCAL, thread: "1" } })
    expect(decodeOwner(Buffer.from(text))).toEqual(ownerOf(MAC, { local: undefined }))
  })
})
