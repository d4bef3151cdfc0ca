// Makes the pictures of the dashboard in docs/images: npm run pictures [DIRECTORY]
import { mkdirSync } from "node:fs"
import path from "node:path"
import { openChromium, provideChromium } from "../sign-in/chromium.js"
import { DashboardPage, type Look } from "./dashboard-page.js"
import { exampleTokens } from "./example-tokens.js"
import { ServedDashboard } from "./served-dashboard.js"

const DIRECTORY = path.resolve(import.meta.dirname, "../../docs/images")
const [directory = DIRECTORY] = process.argv.slice(2)
const executable = provideChromium()
if (executable === undefined) process.exit(1)

mkdirSync(directory, { recursive: true })
await using served = await ServedDashboard.start({})
await using browser = await openChromium(executable)
const dashboard = await DashboardPage.open(browser.context, served.url)
const { page } = dashboard

async function picture(name: string, look: Look): Promise<void> {
  await dashboard.look(look)
  // the chart follows the width, and the colours
  await page.waitForTimeout(300)
  const [, size] = look
  await page.screenshot({ path: path.join(directory, `${name}.png`), fullPage: size === "phone" })
}

const isWhole = directory !== DIRECTORY
if (isWhole) await picture("key-form", ["light", "wide"])
if (isWhole) await picture("key-form-phone", ["dark", "phone"])
await dashboard.signIn(served.apiKey)
await page.getByText("No tokens yet").waitFor()
if (isWhole) await picture("empty", ["light", "wide"])

// the page is the real one, what it shows is made up
await page.addInitScript(`{
  const { tokens, incidents } = ${JSON.stringify(exampleTokens(Date.now()))}
  const ask = window.fetch
  window.fetch = async (path, init) => {
    if (path === "/tokens") return Response.json({ tokens })
    if (path === "/events") return new Response(new ReadableStream())
    const [, name] = /^\\/tokens\\/(\\w+)\\/history$/.exec(path) ?? []
    return name === undefined ? ask(path, init) : Response.json({ incidents: incidents[name] })
  }
}`)
await page.reload()
await page.getByText("Live", { exact: true }).waitFor()
await page.getByRole("heading", { name: "warehouse" }).waitFor()
await picture("dashboard-light", ["light", "wide"])
await picture("dashboard-dark", ["dark", "wide"])
if (isWhole) {
  await picture("phone-light", ["light", "phone"])
  await picture("phone-dark", ["dark", "phone"])
  await page.getByRole("button", { name: "History crm" }).click()
  await picture("history", ["light", "wide"])
  await page.getByRole("button", { name: "Revoke… crm" }).click()
  await picture("revoke", ["light", "wide"])
  await picture("revoke-phone", ["dark", "phone"])
}
