import { check } from "./check.js"
import type { Configuration } from "./configurations.js"
import { formatResult, formatVerdict, formatViolation, surprises } from "./report.js"
import { SUITES } from "./suites/all-suites.js"
import { toolOptions } from "../tool-options.js"

const HELP = `Checks the renewal protocol: every state that a few processes, an issuer and a store can reach, whatever is killed,
frozen, lost, refused or late, and whenever. What is modelled: test/model/README.md

  npm run model -- [--suite NAMES] [--only TEXT] [--traces] [--list]

  --suite NAMES   comma-separated, or "all". Default: quick
${Object.entries(SUITES)
  .map(([name, suite]) => `                  ${name.padEnd(10)} ${suite.length} configurations`)
  .join("\n")}
  --only TEXT     only configurations whose name contains TEXT
  --traces        also print a shortest trace to each violation that is expected
  --list          print the configurations, and run none
  --help          this text

A configuration says which invariants it is to break; "mended" and "extended" break none. Exit code 1: something broke
that should not, or no longer breaks though it should. The largest take about 1.5 GB and two minutes each.
`

const PROGRESS_EVERY_MS = 5_000

const values = toolOptions({
  suite: { type: "string", default: "quick" },
  only: { type: "string", default: "" },
  traces: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
})

if (values.help) console.log(HELP)
else process.exitCode = run(chosenConfigurations(values.suite, values.only))

function chosenConfigurations(suites: string, text: string): readonly Configuration[] {
  const names = suites === "all" ? Object.keys(SUITES) : suites.split(",")
  const chosen = names.flatMap((name) => {
    const suite = SUITES[name]
    if (suite === undefined) fail(`there is no suite "${name}": ${Object.keys(SUITES).join(", ")}, or all`)
    return suite
  })
  const matching = chosen.filter(({ name }) => name.includes(text))
  if (matching.length === 0) fail(`no configuration of ${suites} has "${text}" in its name`)
  return matching
}

function run(configurations: readonly Configuration[]): number {
  if (values.list) {
    for (const { name, breaks } of configurations)
      console.log(`${name}${breaks.length > 0 ? ` -> ${breaks.join(", ")}` : ""}`)
    return 0
  }
  const unexpected = configurations.filter((configuration) => !isAsExpected(configuration))
  const names = unexpected.map(({ name }) => `\n  ${name}`)
  console.log(`\n${configurations.length} configurations, ${unexpected.length} not as expected${names.join("")}`)
  return unexpected.length === 0 ? 0 : 1
}

function isAsExpected(configuration: Configuration): boolean {
  const startedAt = performance.now()
  let toldAt = startedAt
  const result = check(configuration.options, (states, expanded) => {
    if (performance.now() - toldAt < PROGRESS_EVERY_MS) return
    toldAt = performance.now()
    console.error(`   ${configuration.name}: ${states} states, ${expanded} expanded …`)
  })
  const isSurprise = surprises(configuration, result).length > 0
  console.log(formatResult(configuration, result, (performance.now() - startedAt) / 1000))
  console.log(formatVerdict(configuration, result))
  for (const violation of result.violations) console.log(formatViolation(violation, values.traces || isSurprise))
  return !isSurprise
}

function fail(message: string): never {
  console.error(`${message}\nnpm run model -- --help tells more`)
  process.exit(2)
}
