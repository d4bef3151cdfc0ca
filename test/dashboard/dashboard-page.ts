import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { AxeResults } from "axe-core"
import type { BrowserContext, Page } from "playwright-core"

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
/** What a script of the page, or somebody at the screen, could get at. */
const HELD = `JSON.stringify([
  document.documentElement.outerHTML,
  [...document.querySelectorAll("input")].map(({ value }) => value),
  { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, window.name,
])`
const SIZES = { wide: { width: 1280, height: 860 }, phone: { width: 400, height: 800 } }

export type Look = readonly ["light" | "dark", keyof typeof SIZES]

export const LOOKS: readonly Look[] = [
  ["light", "wide"],
  ["light", "phone"],
  ["dark", "wide"],
  ["dark", "phone"],
]

/** A tab with the dashboard in it. What the browser complained of, and all it was sent, is kept. */
export class DashboardPage {
  readonly page: Page
  readonly complaints: string[] = []
  readonly #received: Promise<string>[] = []

  private constructor(page: Page, url: string) {
    this.page = page
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text())
    })
    page.on("pageerror", (error) => this.complaints.push(String(error)))
    page.on("response", (response) => {
      // a stream has no end
      if (!response.url().startsWith(url) || response.url().endsWith("/events")) return
      this.#received.push(response.text().catch(() => ""))
    })
  }

  static async open(context: BrowserContext, url: string): Promise<DashboardPage> {
    const dashboard = new DashboardPage(await context.newPage(), url)
    await dashboard.page.goto(url)
    return dashboard
  }

  async signIn(apiKey: string): Promise<void> {
    await this.page.getByLabel("API key").fill(apiKey)
    await this.page.getByRole("button", { name: "Sign in" }).click()
  }

  row(name: string) {
    return this.page.locator("li.token", { has: this.page.getByRole("heading", { name, exact: true }) })
  }

  async look([colorScheme, size]: Look): Promise<void> {
    // a colour on its way from light to dark is neither
    await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
    await this.page.setViewportSize(SIZES[size])
  }

  /** What an accessibility checker finds, by rule and place. */
  async accessibilityFaults(): Promise<readonly string[]> {
    await this.page.evaluate(AXE)
    const { violations } = await this.page.evaluate<AxeResults>("axe.run()")
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  }

  /** All that the page holds, and all it was sent. */
  async everything(): Promise<string> {
    const held = await this.page.evaluate<string>(HELD)
    return [held, ...(await Promise.all(this.#received))].join("\n")
  }
}
