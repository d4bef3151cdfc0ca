// Everything that CI runs, in one command. Every step runs even if one before it failed, so that one run tells all
// there is to mend; only a build that fails ends it. The summary names the tests that failed, and counts them all.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { rm } from "node:fs/promises"
import { add, formatTotals, takeReport, totalsIn } from "./test-totals.js"

const STEPS = [
  { name: "build", script: "build", needed: true },
  { name: "format", script: "format:check" },
  { name: "lint", script: "lint" },
  { name: "types", script: "typecheck" },
  { name: "reports of the public API", script: "api:check" },
  { name: "unused code", script: "knip" },
  { name: "API reference", script: "docs" },
  {
    name: "unit tests and coverage",
    script: "coverage:library",
    report: "packages/evertoken/reports/tests.json",
    scanned: "--without-events",
  },
  {
    name: "unit tests of the server",
    script: "coverage:server",
    report: "packages/server/reports/tests.json",
    scanned: "--without-events",
  },
  {
    name: "unit tests of the session",
    script: "coverage:session",
    report: "packages/session/reports/tests.json",
    scanned: "--without-events",
  },
  { name: "integration tests", script: "test:integration", report: "test/reports/tests.json", scanned: "" },
  { name: "adapters of SDKs", script: "test:adapters", report: "test/adapters/reports/tests.json", scanned: "" },
  { name: "packages as they are published", script: "test:tarballs", report: "test/tarballs/reports/tests.json" },
  { name: "examples", script: "test:examples", counts: true, scanned: "" },
]

// What is scanned has the tests' canaries for secrets.
async function runScript(script, scanned) {
  const command = `npm run --silent ${script}`
  // A shell, because npm is a .cmd file on Windows.
  const child = spawn(scanned === undefined ? command : `node scripts/secret-scan.js ${scanned} ${command}`, {
    shell: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: process.stdout.isTTY ? { FORCE_COLOR: "1", ...process.env } : process.env,
  })
  const ended = once(child, "close")
  let output = ""
  child.stdout.setEncoding("utf8")
  for await (const chunk of child.stdout) {
    process.stdout.write(chunk)
    output = (output + chunk).slice(-10_000)
  }
  const [code] = await ended
  return { code, output }
}

async function runStep({ name, script, report, counts, scanned }) {
  console.log(`\n── ${name} (npm run ${script})`)
  if (report) await rm(report, { force: true })
  const { code, output } = await runScript(script, scanned)
  const { totals, failures = [] } = (report ? await takeReport(report) : counts && totalsIn(output)) || {}
  const countless = (report || counts) && !totals
  if (countless) console.log(`${name}: no count of the tests that ran`)
  return { name, ok: code === 0 && !countless, totals, failures }
}

const results = []
for (const step of STEPS) {
  const result = await runStep(step)
  results.push(result)
  if (!result.ok && step.needed) break
}

console.log("\n── summary")
let sum = { passed: 0, failed: 0, skipped: 0 }
for (const { name, ok, totals } of results) {
  if (totals) sum = add(sum, totals)
  console.log(`${ok ? "ok    " : "FAILED"}  ${name}${totals ? `: ${formatTotals(totals)}` : ""}`)
}
for (const failure of results.flatMap(({ failures }) => failures)) console.log(`✗ ${failure}`)
const failed = results.filter(({ ok }) => !ok).map(({ name }) => name)
if (failed.length > 0) console.log(`FAILED: ${failed.join(", ")}`)
console.log(formatTotals(sum))
process.exitCode = failed.length === 0 ? 0 : 1
