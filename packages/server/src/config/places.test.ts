import { expect, test } from "vitest"
import { placesOf, type Surroundings } from "./places.js"

function at(env: Record<string, string>, more: Surroundings = {}) {
  return placesOf({}, { env, platform: "linux", home: () => "/home/me", ...more })
}

test("a service has the directories that systemd gives it, the first of several", () => {
  expect(at({ STATE_DIRECTORY: "/var/lib/evertoken:/var/lib/b", RUNTIME_DIRECTORY: "/run/evertoken" })).toEqual({
    stateDirectory: "/var/lib/evertoken",
    socket: "/run/evertoken/evertoken.sock",
  })
})

test("a user has those of the XDG specification, which has relative ones ignored", () => {
  expect(at({ XDG_STATE_HOME: "/state", XDG_RUNTIME_DIR: "/run/user/1" })).toEqual({
    stateDirectory: "/state/evertoken",
    socket: "/run/user/1/evertoken/evertoken.sock",
  })
  const standard = { stateDirectory: "/home/me/.local/state/evertoken" }
  expect(at({})).toEqual({ ...standard, socket: `${standard.stateDirectory}/evertoken.sock` })
  expect(at({ XDG_STATE_HOME: "state", XDG_RUNTIME_DIR: "run", STATE_DIRECTORY: "" })).toMatchObject(standard)
})

test("what is configured is taken, and the socket is in the state directory that is", () => {
  const surroundings = { env: { STATE_DIRECTORY: "/s" }, platform: "linux" } as const
  expect(placesOf({ stateDirectory: "/a" }, surroundings).socket).toBe("/a/evertoken.sock")
  expect(placesOf({ socket: "/b.sock" }, surroundings)).toEqual({ stateDirectory: "/s", socket: "/b.sock" })
})

test("Windows has a named pipe for each user", () => {
  expect(at({}, { platform: "win32", userName: () => "me" }).socket).toBe("\\\\.\\pipe\\evertoken-me")
})

test("what the defaults come from is this process", () => {
  expect(placesOf({}).socket).toContain("evertoken")
})
