import { PassThrough } from "node:stream"
import { text } from "node:stream/consumers"
import { stripVTControlCharacters } from "node:util"
import { expect, test, vi } from "vitest"
import { Screen } from "./screen.js"

const [ENTER, LEAVE] = ["\u001b[?1049h\u001b[?25l", "\u001b[?25h\u001b[?1049l"]

test("Ctrl-Z gives the terminal back to the shell, and it is drawn anew afterwards", async () => {
  const stdout = new PassThrough()
  const stopped = vi.spyOn(process, "kill").mockReturnValue(true)
  let drawn = 0
  {
    using _screen = new Screen({ stdout }, () => drawn++)
    process.emit("SIGTSTP")
    expect(stopped.mock.calls).toEqual([[process.pid, "SIGSTOP"]])
    process.emit("SIGCONT")
    stdout.emit("resize")
    expect(drawn).toBe(2)
  }
  stopped.mockRestore()
  expect(await text(stdout.end())).toBe(ENTER + LEAVE + ENTER + LEAVE)
  expect([process.listenerCount("SIGTSTP"), process.listenerCount("SIGCONT")]).toEqual([0, 0])
})

test("a coloured line is cut by what is seen of it, and its colour ends with it", async () => {
  const stdout = Object.assign(new PassThrough(), { columns: 5, rows: 2 })
  {
    using screen = new Screen({ stdout }, () => undefined)
    screen.draw(["\u001b[31mabcdefgh\u001b[39m", "short"])
  }
  const out = await text(stdout.end())
  expect(stripVTControlCharacters(out)).toBe("abcd…\r\nshort")
  expect(out).toContain("…\u001b[39m")
})
