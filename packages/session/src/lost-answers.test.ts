import { expect, test } from "vitest"
import { MINUTE_MS, rotationScene as scene } from "./testing/rotation-scene.js"

test("the database goes away between the issuer's answer and its write, for minutes: the new token is written when it is back", async () => {
  const { clock, tokens, browser, database, issuer, until, told, read } = await scene()
  await clock.advance(50 * MINUTE_MS)
  const answer = issuer.hold()
  const request = told(tokens.accessToken(browser.request()))
  await until(() => issuer.requests.length > 0)
  database.isDown = true
  answer()
  await until(() => request.told !== "")
  await clock.advance(3 * MINUTE_MS)
  database.isDown = false
  await clock.advance(1_000)
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-2")
  await clock.advance(50 * MINUTE_MS)
  expect(await read(tokens.accessToken(browser.request()))).toBe("access-3")
  expect(issuer.requests).toEqual(["refresh-1", "refresh-2"])
})

test("an issuer that is down is not asked at every request of a user, but after a pause", async () => {
  const { clock, tokens, browser, issuer, read } = await scene()
  await clock.advance(50 * MINUTE_MS)
  issuer.isDown = true
  for (let request = 0; request < 20; request++) {
    expect(await read(tokens.accessToken(browser.request()))).toBe("access-1")
    await clock.advance(100)
  }
  expect(issuer.attempts).toBeLessThan(6)
})
