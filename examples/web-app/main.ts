import { randomBytes } from "node:crypto"
import { setTimeout as wait } from "node:timers/promises"
import { PGlite } from "@electric-sql/pglite"
import { hashOf } from "evertoken"
import { openChromium, provideChromium } from "../../test/sign-in/chromium.js"
import { Sandbox } from "../sandbox/sandbox.js"
import { startWebApp } from "./app.js"

// An access token of ten seconds is stale after five: nobody wants to watch an hour.
await using sandbox = await Sandbox.start({ lifetimeSeconds: 10 })
await using database = new PGlite()
const newKey = () => randomBytes(32).toString("base64")
const app = await startWebApp({
  issuer: sandbox.issuer.url,
  clientId: sandbox.issuer.clients.app.clientId,
  apiUrl: sandbox.api.url,
  database,
  encryptionKey: newKey(),
  signingKey: newKey(),
})
await using browser = await openChromium(provideChromium() ?? "chromium")
const page = await browser.context.newPage()
const cookie = async () => (await browser.context.cookies()).find(({ name }) => name === "__Host-access")
const rows = async () => (await database.query<{ type: string }>("SELECT type FROM session_tokens ORDER BY type")).rows
const invoices = async () => {
  await page.goto(`${app.url}/invoices`)
  return page.innerText("body")
}

console.log("before signing in:", await invoices())
await page.goto(app.url)
await page.click("text=Sign in")
await page.fill("input[name=login]", "alice")
await page.fill("input[name=password]", "any will do")
await page.click("button[type=submit]")
await page.waitForSelector("input[name=prompt][value=consent]", { state: "attached" })
await page.click("button[type=submit]")
await page.waitForSelector("text=Sign out")
console.log("signed in:", await invoices())

const first = await cookie()
await wait(6_000)
console.log("six seconds later:", await invoices())
const second = await cookie()
console.log("the cookie is another one:", hashOf(first?.value ?? "") !== hashOf(second?.value ?? ""))

// What a job does at night for the user needs a token of its own, which stays when the user signs out.
const calendar = await sandbox.issuer.issueRefreshToken({ clientId: sandbox.issuer.clients.app.clientId })
await app.tokens.set({ cookieHeader: undefined, appendSetCookie: () => {} }, "calendar", calendar, { userId: "alice" })
console.log("rows:", (await rows()).map(({ type }) => type).join(", "))
await page.goto(app.url)
await page.click("text=Sign out")
console.log("signed out:", await page.innerText("body"))
console.log("cookie:", (await cookie()) ?? "gone", "– rows:", (await rows()).map(({ type }) => type).join(", "))
console.log("afterwards:", await invoices())

await using jobs = app.tokens.pool()
const { authorization } = await jobs.getToken({ userId: "alice", type: "calendar" })
const answer = await fetch(`${sandbox.api.url}/invoices`, { headers: { authorization } })
console.log("the job at night:", await answer.text())
await app.close()
