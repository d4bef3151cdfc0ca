import { parseCookie } from "cookie"
import { Token, type TokenFields } from "evertoken"
import { VirtualClock } from "evertoken/testing"
import { describe, expect, test } from "vitest"
import { CookieJar } from "../testing/cookie-jar.js"
import { CookieStrategy } from "./cookie-strategy.js"

function arrange() {
  const clock = new VirtualClock()
  const jar = new CookieJar(() => clock.now())
  const strategy = new CookieStrategy("legacy", { strategy: "cookie", format: "opaque", clock })
  const token = (fields: Partial<TokenFields> = {}) => {
    const issuedAt = clock.now()
    const times = { issuedAt, staleAt: issuedAt + 45_000, expiresAt: issuedAt + 60_000 }
    return new Token({ accessToken: "an-access-token", ...times, ...fields })
  }
  const place = (header?: string) => ({ context: jar.request(header), type: "legacy", userId: undefined })
  return { clock, jar, strategy, token, place }
}

describe("a token in an opaque cookie", () => {
  test("is there as it is, for whatever else reads cookies; neither keys nor a user are needed", async () => {
    const { jar, strategy, token, place } = arrange()
    await strategy.set(place(), token({ accessToken: "abc+/=.~_-!$&'()*" }))
    expect(jar.value("__Host-legacy")).toBe("abc+/=.~_-!$&'()*")
  })

  test("of any characters comes back, and is what every reader of cookies reads", async () => {
    const { jar, strategy, token, place } = arrange()
    const everything = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join("")
    for (const accessToken of [everything, "%41", "%", "%%zz", `"quoted"`, "a;b", "x".repeat(9_000)]) {
      await strategy.set(place(), token({ accessToken }))
      expect((await strategy.get(place()))?.accessToken).toBe(accessToken)
      const parsed = parseCookie(jar.header ?? "")
      if (accessToken.length < 4_000) expect(parsed["__Host-legacy"]).toBe(accessToken)
    }
  })

  test("has its times in this request; in later ones it is good for as long as the browser has it", async () => {
    const { clock, jar, strategy, token, place } = arrange()
    const here = place()
    await strategy.set(here, token({ scope: "mail", refreshToken: "refresh-secret" }))
    expect(await strategy.read(here.context)).toMatchObject({
      status: "fresh",
      token: { expiresAt: clock.now() + 60_000 },
    })
    expect((await strategy.get(here))?.refreshToken).toBeUndefined()
    await clock.advance(59_000)
    const reading = await strategy.read(jar.request())
    expect(reading).toMatchObject({ userId: undefined, status: "fresh", writtenAt: clock.now() })
    expect(reading?.token).toMatchObject({ issuedAt: clock.now(), staleAt: 8.64e15, expiresAt: 8.64e15 })
    expect(new Date(reading?.token.expiresAt ?? Number.NaN).getTime()).not.toBeNaN()
    await clock.advance(1_000)
    expect(jar.names).toEqual([])
    expect(await strategy.get(place())).toBeUndefined()
  })

  test("may be given as a text, with its end", async () => {
    const { clock, jar, strategy, place } = arrange()
    const context = jar.request()
    await strategy.set({ ...place(), context }, "an-access-token", { expiresAt: clock.now() + 3_600_000 })
    expect(context.written[0]).toContain("; Max-Age=3600;")
    await expect(strategy.set(place(), "an-access-token")).rejects.toThrow(/^expiresAt must say when a text ends/)
  })

  test("in parts is refused where they are of two tokens, or not all there", async () => {
    const { jar, strategy, token, place } = arrange()
    const parts = async (letter: string) => {
      await strategy.set(
        place(),
        token({ accessToken: Array.from({ length: 1_300 }, (_, at) => `${letter}${at}`).join("") }),
      )
      return [jar.value("__Host-legacy.0") ?? "", jar.value("__Host-legacy.1") ?? ""] as const
    }
    const [a, b] = [await parts("a"), await parts("b")]
    for (const header of [
      `__Host-legacy.0=${a[0]}; __Host-legacy.1=${b[1]}`,
      `__Host-legacy.0=${a[1]}; __Host-legacy.1=${a[0]}`,
      `__Host-legacy.0=${a[0]}`,
      `__Host-legacy.1=${a[1]}`,
      `__Host-legacy.0=${a[0]}; __Host-legacy.1=${a[1].slice(0, -1)}`,
    ]) {
      await expect(strategy.get(place(header))).rejects.toMatchObject({ code: "ERR_COOKIE_REFUSED" })
    }
  })

  test("that cannot be an access token is refused", async () => {
    const { strategy, place } = arrange()
    for (const value of ["", "%", "%zz", "a%20b", "a b", "%C3%A4", "ä", "x".repeat(4_097)]) {
      await expect(strategy.get(place(`__Host-legacy=${value}`))).rejects.toMatchObject({ code: "ERR_COOKIE_REFUSED" })
    }
  })

  test("is deleted, whoever the user is", async () => {
    const { jar, strategy, token, place } = arrange()
    await strategy.set(place(), token())
    expect(await strategy.delete({ ...place(), userId: "u" })).toBe(true)
    expect(jar.names).toEqual([])
  })
})
