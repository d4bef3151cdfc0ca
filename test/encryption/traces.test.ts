import { expect, test } from "vitest"
import { tracesIn } from "./traces.js"

const SECRET = "canary-~~~???-secret"

test("a secret is found in whatever it is encoded as, wherever it stands", () => {
  for (const before of ["", "a", "ab", "abc"]) {
    const text = `${before}${SECRET} and so on`
    const contents = [
      text,
      Buffer.from(text, "utf16le"),
      ...(["hex", "base64", "base64url"] as const).map((encoding) => Buffer.from(text).toString(encoding)),
    ]
    for (const content of contents) expect(tracesIn(Buffer.from(content), [SECRET, "canary-other"])).toEqual([SECRET])
  }
  expect(tracesIn(Buffer.from("canary-~~~???-secre"), [SECRET])).toEqual([])
})
