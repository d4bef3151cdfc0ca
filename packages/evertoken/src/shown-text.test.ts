import { describe, expect, it } from "vitest"
import { shownText } from "./shown-text.js"

const SECRET = "s3cr3t/refresh+token==0123456789"

describe("shownText", () => {
  it("takes line ends, terminal codes and direction marks out", () => {
    expect(shownText("a\r\nb\u001b[31mc\u202ed\u2028e", [])).toBe("a b [31mc d e")
  })

  it("cuts after 200 characters", () => {
    expect(shownText("x".repeat(500), [])).toHaveLength(200)
  })

  it.each([undefined, null, 7, {}, "", "\n"])("shows nothing of %j", (value) => {
    expect(shownText(value, [])).toBeUndefined()
  })

  it.each([
    ["whole", SECRET],
    ["percent-encoded", encodeURIComponent(SECRET)],
    ["after many blanks and line ends", `${" \n\u200b ".repeat(500)}${SECRET}`],
    ["across the cut", `${"x".repeat(190 - "the token ".length)}${SECRET}`],
    ["shortened", SECRET.slice(5, 20)],
    ["with line ends in it", SECRET.replace(/.{6}/g, "$&\n")],
    ["beyond the cut", `${"x".repeat(300)} ${SECRET}`],
  ])("drops a text that quotes a secret %s", (_, quoted) => {
    expect(shownText(`the token ${quoted} is no good`, ["other", SECRET])).toBeUndefined()
  })

  it("drops a text that quotes a secret as forms write it", () => {
    // percent-encoding leaves these characters alone, a form does not
    const secret = "a~b!c'd(e)f~g!h'i(j)k~l"
    const inForm = new URLSearchParams({ "": secret }).toString().slice(1)
    expect(shownText(`bad body: token=${inForm}`, [secret])).toBeUndefined()
  })

  it("shows nothing of a secret in the part that it shows, however long the rest is", () => {
    const shown = shownText(`${"x".repeat(198)}${SECRET}${"y".repeat(1_000_000)}`, [SECRET, "z".repeat(1_000_000)])
    expect(shown).toBeUndefined()
  })

  it("drops a text that quotes a short secret", () => {
    expect(shownText("not hunter2", ["hunter2"])).toBeUndefined()
  })

  it("keeps a text that shares no more than a word with a secret", () => {
    expect(shownText("the refresh token is no good", [SECRET, ""])).toBe("the refresh token is no good")
  })
})
