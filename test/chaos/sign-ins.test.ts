import { expect, test } from "vitest"
import { Observer } from "./observer.js"
import { SignIns } from "./sign-ins.js"

/** An issuer that takes its time. */
class SlowIssuer {
  revokedFamilies = 0
  #issued = 0

  async issueRefreshToken(): Promise<string> {
    await new Promise(setImmediate)
    return `rt${++this.#issued}`
  }
}

async function signedIn() {
  const observer = new Observer({ wasFaulty: () => false })
  const issuer = new SlowIssuer()
  const signIns = new SignIns(issuer, observer)
  await signIns.first()
  return { observer, issuer, signIns }
}

test("who is configured once no sign-in is under way asks for no other one", async () => {
  const { observer, issuer, signIns } = await signedIn()
  issuer.revokedFamilies++
  const asked = signIns.anew(signIns.familiesLost)
  await signIns.ended()
  expect(signIns.refreshToken).toBe("rt2")
  expect(await asked).toBe(true)
  expect(signIns.familiesLost).toBe(0)
  expect(observer.violations).toEqual([])
})

test("all who ask for the same loss get one sign-in", async () => {
  const { observer, issuer, signIns } = await signedIn()
  issuer.revokedFamilies++
  expect(await Promise.all([signIns.anew(1), signIns.anew(0), signIns.anew(1)])).toEqual([true, false, false])
  expect(signIns.count).toBe(2)
  expect(observer.violations).toEqual([])
})

test("a sign-in that is asked for without a loss is a violation, and so is a second one for the same loss", async () => {
  const { observer, issuer, signIns } = await signedIn()
  issuer.revokedFamilies++
  await signIns.anew(signIns.familiesLost)
  await signIns.anew(signIns.familiesLost)
  expect(observer.violations.map(({ what }) => what)).toEqual(["a sign-in is asked for, and no family was lost"])
})
