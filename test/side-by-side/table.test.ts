import { expect, test } from "vitest"
import { resultsText } from "./results.js"
import { EVERTOKEN, FLOOR } from "./subject.js"
import { mainTable, tableText } from "./table.js"

test("a subject of which a column says nothing has a dash there", () => {
  const columns = [
    { title: "read", cells: new Map([["a", "1 ns"]]) },
    { title: "sent", cells: new Map([["b", "2 | 3"]]) },
  ]
  const subjects = [
    { name: "a", shown: "A" },
    { name: "b", shown: "B" },
  ]
  expect(tableText(mainTable(subjects, columns))).toBe(
    "|  | read | sent |\n| --- | ---: | ---: |\n| A | 1 ns | – |\n| B | – | 2 \\| 3 |",
  )
})

test("the main table lies between marks, of all that has columns, and each other table under its title", () => {
  const column = (title: string) => ({ title, cells: new Map([["evertoken", title]]) })
  const table = { title: "Cold herd, 1,000", about: "What it is.", head: ["a"], rows: [["b"]] }
  const findings = [{ columns: [column("one")], tables: [table] }, { columns: [column("two")] }]
  const text = resultsText([FLOOR, EVERTOKEN], findings, new Date("2026-01-02"))
  expect(text).toMatch(/^Made by `npm run bench` on 2026-01-02, Node.js \d+\.\d+/m)
  const [, main] = /<!-- main: begin -->\n\n([^]*?)\n\n<!-- main: end -->/.exec(text) ?? []
  expect(main?.split("\n")).toEqual([
    "|  | one | two |",
    "| --- | ---: | ---: |",
    "| [the floor](floor.js) | – | – |",
    expect.stringMatching(/^\| \*\*\[evertoken\].* \| one \| two \|$/),
  ])
  expect(text).toContain("## Cold herd, 1,000\n\nWhat it is.\n\n<!-- cold-herd-1-000: begin -->\n\n| a |")
})
