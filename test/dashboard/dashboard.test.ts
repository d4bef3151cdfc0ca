import type { Page } from "playwright-core"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { RealIssuer } from "../issuer/real-issuer.js"
import { CANARY } from "../secrets/canary.js"
import { openChromium, provideChromium, type Browser } from "../sign-in/chromium.js"
import { DashboardPage, LOOKS } from "./dashboard-page.js"
import { ServedDashboard } from "./served-dashboard.js"

const executable = provideChromium()

/** A browser tells of each answer that is an error; nothing else may be told. */
const REFUSED = /^Failed to load resource: the server responded with a status of (401|503) /
const BROKEN =
  /^Failed to load resource: net::ERR_(CONNECTION_\w+|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|SOCKET_NOT_CONNECTED)/

describe.skipIf(executable === undefined)("the dashboard in a real Chromium", () => {
  let issuer: RealIssuer
  let served: ServedDashboard
  let browser: Browser
  let dashboard: DashboardPage
  let page: Page
  beforeEach(async () => {
    issuer = await RealIssuer.start()
    served = await ServedDashboard.start(tokensOf(issuer), issuer.clients.post.clientSecret)
    browser = await openChromium(executable ?? "")
    dashboard = await DashboardPage.open(browser.context, served.url)
    page = dashboard.page
  })
  afterEach(async () => {
    await browser[Symbol.asyncDispose]()
    await served[Symbol.asyncDispose]()
    await issuer.close()
  })

  it("leads a person from the key through sign-in, refresh, an outage and its end to the revocation, and shows no token", async () => {
    await page.getByLabel("API key").fill("another-key-0123456789")
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.getByText("That is not the key of this server.").waitFor()
    await dashboard.signIn(served.apiKey)

    const billing = dashboard.row("billing")
    await billing.getByText("Fresh", { exact: true }).waitFor()
    await billing.getByText(/^renews in \d+ min$/).waitFor()
    await signInAtIssuer(dashboard)
    await dashboard.row("mail").getByText("Fresh", { exact: true }).waitFor()
    await dashboard.row("mail").getByRole("button", { name: "Refresh mail" }).click()
    await page.locator("#announcer", { hasText: "mail: renewed" }).waitFor()
    expect(issuer.presentations.map(({ use }) => use)).toEqual(["first"])

    const before = issuer.requests.total
    await billing.getByRole("button", { name: "Refresh billing" }).click()
    await page.locator("#announcer", { hasText: "billing: renewed" }).waitFor()
    expect(issuer.requests.total).toBe(before + 1)

    await issuer.goDown("503")
    await billing.getByRole("button", { name: "Refresh billing" }).click()
    await billing.getByText("What to do:").waitFor()
    await billing.getByText("Fresh", { exact: true }).waitFor()
    await billing.getByText("The issuer has trouble of its own; it is asked again.").waitFor()
    await billing.getByText("1 failure").waitFor()
    await billing.getByText(/^next attempt in \d+ min$/).waitFor()
    await issuer.comeBack()
    await billing.getByRole("button", { name: "Refresh billing" }).click()
    await billing.getByText("What to do:").waitFor({ state: "hidden" })
    await billing.getByRole("button", { name: "History billing" }).click()
    await billing.getByRole("cell", { name: /^Failed: ERR_TOKEN/ }).waitFor()

    await billing.getByRole("button", { name: "Revoke… billing" }).click()
    await page.getByRole("button", { name: "Cancel" }).click()
    expect(await billing.getByText("Fresh", { exact: true }).isVisible()).toBe(true)
    await billing.getByRole("button", { name: "Revoke… billing" }).click()
    await page.getByRole("button", { name: "Revoke", exact: true }).click()
    await billing.getByText("Signed out", { exact: true }).waitFor()

    expect(await dashboard.everything()).not.toContain(CANARY)
    await page.reload()
    // one would be sent to the server of another user, on another port
    expect((await browser.context.cookies()).filter(({ name }) => name.includes("evertoken"))).toEqual([])
    await billing.getByText("Signed out", { exact: true }).waitFor()
    expect(await dashboard.everything()).toContain("mail")
    expect(await dashboard.everything()).not.toContain(CANARY)
    await page.getByRole("button", { name: "Sign out" }).click()
    await page.getByLabel("API key").waitFor()
    await page.reload()
    await page.getByLabel("API key").waitFor()
    expect(dashboard.complaints.filter((text) => !REFUSED.test(text))).toEqual([])
    expect(dashboard.complaints).toHaveLength(2)
  })

  it("says that the server is gone and when it was last seen, and goes on when it is back", async () => {
    await dashboard.signIn(served.apiKey)
    await dashboard.row("billing").getByText("Fresh", { exact: true }).waitFor()
    await served.kill()
    await page.getByText(/^Not connected, last seen \d\d:\d\d, trying again\./).waitFor()
    await served.run()
    // sessions are in memory: the key is asked for again
    await dashboard.signIn(served.apiKey)
    await page.getByText("Live", { exact: true }).waitFor()
    expect(await page.getByText("Not connected").filter({ visible: true }).count()).toBe(0)
    const complaints = dashboard.complaints.filter((text) => !REFUSED.test(text) && !BROKEN.test(text))
    expect(complaints).toEqual([])
  })

  it("an accessibility checker finds nothing: light and dark, wide and on a phone", async () => {
    const faults = async (what: string) => {
      for (const look of LOOKS) {
        await dashboard.look(look)
        expect([what, look, await dashboard.accessibilityFaults()]).toEqual([what, look, []])
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0)
      }
    }
    await faults("the form for the key")
    await dashboard.signIn(served.apiKey)
    const billing = dashboard.row("billing")
    await billing.getByText("Fresh", { exact: true }).waitFor()
    await issuer.goDown("503")
    await billing.getByRole("button", { name: "Refresh billing" }).click()
    await billing.getByText("What to do:").waitFor()
    await billing.getByRole("button", { name: "History billing" }).click()
    await faults("the board")
    await billing.getByRole("button", { name: "Revoke… billing" }).click()
    await faults("the question before a revocation")
    await page.keyboard.press("Escape")
    await dashboard.row("mail").getByRole("button", { name: "Sign in mail" }).click()
    await page.getByRole("link", { name: /^Continue at / }).waitFor()
    await faults("the way to the issuer")
    await page.getByRole("button", { name: "Cancel the sign-in" }).click()
    await page.getByRole("link", { name: /^Continue at / }).waitFor({ state: "hidden" })
    await dashboard.row("mail").getByText("the sign-in was cancelled").waitFor()
  })

  it("all of it can be reached and used by the keyboard alone", async () => {
    await page.locator("input:focus").waitFor()
    await page.keyboard.type(served.apiKey)
    await page.keyboard.press("Enter")
    const billing = dashboard.row("billing")
    await billing.getByText("Fresh", { exact: true }).waitFor()
    const buttons = await page.locator("button:visible").allInnerTexts()
    const reached = new Set<unknown>()
    // and out of the page, and in again
    for (let presses = 0; presses < buttons.length + 2; presses += 1) {
      await page.keyboard.press("Tab")
      reached.add(await page.evaluate("document.activeElement.innerText"))
    }
    expect(buttons.filter((button) => !reached.has(button))).toEqual([])

    await billing.getByRole("button", { name: "Revoke… billing" }).focus()
    await page.keyboard.press("Enter")
    await page.getByRole("dialog").waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "hidden" })
    expect(await page.evaluate("document.activeElement.innerText")).toContain("billing")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await billing.getByText("Signed out", { exact: true }).waitFor()
  })
})

function tokensOf(issuer: RealIssuer): object {
  const { clientId } = issuer.clients.post
  return {
    billing: {
      ...{ grant: "client_credentials", issuer: issuer.url, scope: "invoices:read" },
      client: { id: clientId, secret: "file:client.secret", authentication: "client_secret_post" },
    },
    mail: {
      ...{ grant: "authorization_code", issuer: issuer.url, scope: "openid offline_access api:read" },
      client: { id: issuer.clients.app.clientId, authentication: "none" },
      // without it this issuer gives no refresh token
      parameters: { prompt: "consent" },
    },
  }
}

/** By the button, at the issuer's own pages. */
async function signInAtIssuer({ page }: DashboardPage): Promise<void> {
  await page.getByRole("button", { name: "Sign in mail" }).click()
  const opened = page.waitForEvent("popup")
  await page.getByRole("link", { name: /^Continue at / }).click()
  const tab = await opened
  await tab.fill("input[name=login]", "alice")
  await tab.fill("input[name=password]", "any will do")
  await tab.click("button[type=submit]")
  await tab.waitForSelector("input[name=prompt][value=consent]", { state: "attached" })
  await tab.click("button[type=submit]")
  await tab.waitForSelector("text=You may close this window.")
  // a page behind another one is slow
  await tab.close()
  await page.getByRole("dialog").waitFor({ state: "hidden" })
}
