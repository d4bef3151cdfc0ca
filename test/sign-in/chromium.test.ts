import { AuthorizationCodeFlow, signInWithBrowser } from "evertoken/oauth2"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"
import { openChromium, provideChromium, type Browser } from "./chromium.js"
import { WebApplication } from "./web-application.js"

const executable = provideChromium()
const scope = "openid offline_access api:read"

describe.skipIf(executable === undefined)("in a real Chromium", () => {
  let issuer: RealIssuer
  let browser: Browser
  let page: Page
  beforeEach(async () => {
    issuer = await RealIssuer.start()
    browser = await openChromium(executable ?? "")
    page = await browser.context.newPage()
  })
  afterEach(async () => {
    await browser[Symbol.asyncDispose]()
    await issuer.close()
  })

  const options = () => {
    const { clientId } = issuer.clients.app
    return { issuer: issuer.url, clientId, clientAuthentication: "none", scope } as const
  }

  async function signInAtIssuer() {
    await page.fill("input[name=login]", "alice")
    await page.fill("input[name=password]", "any will do")
    await picture("login")
    await page.click("button[type=submit]")
    await page.waitForSelector("input[name=prompt][value=consent]", { state: "attached" })
    await page.click("button[type=submit]")
  }

  /** To look at, if anybody wants to. */
  async function picture(name: string): Promise<void> {
    const directory = process.env["EVERTOKEN_PICTURES"]
    if (directory !== undefined) await page.screenshot({ path: join(directory, `${name}.png`) })
  }

  it("a user of a web application gets from the click on its link to a token", async () => {
    await using application = await WebApplication.start(new AuthorizationCodeFlow(options()))
    await page.goto(application.url)
    await page.click("text=Sign in")
    await signInAtIssuer()
    await page.waitForSelector("text=Welcome")
    const [token] = application.tokens
    expect(token).toMatchObject({ scope, refreshToken: expect.any(String) as string })
    expect(await issuer.accepts(token?.accessToken ?? "")).toBe(true)
    // the cookie of the first sign-in is spent: its callback brings nobody in again
    const answer = await page.reload()
    expect([answer?.status(), application.tokens.length]).toEqual([500, 1])
  })

  it("a user of a command-line tool gets from the page it opens to a token, and is told to close the window", async () => {
    const token = await signInWithBrowser({
      ...options(),
      parameters: { prompt: "consent" },
      openBrowser: async (url) => {
        await page.goto(url)
        await signInAtIssuer()
      },
    })
    expect(await issuer.accepts(token.accessToken)).toBe(true)
    expect(token.refreshToken).toBeDefined()
    await page.waitForSelector("text=You may close this window.")
    await picture("signed-in")
    expect(await page.title()).toBe("You are signed in")
  })

  it("a user who cancels is told so, and so is the tool", async () => {
    const signingIn = signInWithBrowser({
      ...options(),
      openBrowser: async (url) => {
        await page.goto(url)
        await page.click("text=Cancel")
      },
    })
    await expect(signingIn).rejects.toMatchObject({ error: "access_denied" })
    await page.waitForSelector("text=You are not signed in")
    await picture("cancelled")
  })
})
