import { formatChaos } from "./chaos-report.js"
import { runServerChaos } from "./chaos-run.js"
import { toolOptions, wholeNumber } from "../tool-options.js"

const HELP = `Restarts token servers (evertoken serve) at random moments, half of them by SIGKILL, half by SIGINT or SIGTERM, while clients
refresh and ask, against an issuer that revokes the whole family when a spent refresh token comes again.

  npm run chaos:server -- [--restarts N] [--servers N] [--seed S]

  --restarts N   ends after so many (default 100; 500 take about 15 minutes)
  --servers N    servers at a time, each with an issuer of its own (default 2)
  --seed S       whole number; the same one gives the same schedule of signals (default: drawn, and printed)
  --help         this text

Prints a report. Exit code 1: what was on disk was not what the issuer takes, outside of the window that no client can close.`

const PROGRESS_EVERY = 25

const values = toolOptions({
  restarts: { type: "string", default: "100" },
  servers: { type: "string", default: "2" },
  seed: { type: "string" },
  help: { type: "boolean", default: false },
})

if (values.help) console.log(HELP)
else process.exitCode = await run()

async function run(): Promise<number> {
  const restarts = wholeNumber("--restarts", values.restarts, 1)
  const servers = wholeNumber("--servers", values.servers, 1)
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : wholeNumber("--seed", values.seed, 0)
  if (restarts === undefined || servers === undefined || seed === undefined) return 2
  console.log(`npm run chaos:server -- --restarts ${restarts} --servers ${servers} --seed ${seed}\n`)
  let shown = 0
  const result = await runServerChaos({
    ...{ restarts, servers, seed },
    onProgress: ({ killed, ended, endedWhileStarting, windows }) => {
      const done = killed + ended + endedWhileStarting
      if (done < shown + PROGRESS_EVERY) return
      shown = done
      process.stderr.write(`${done} of ${restarts} restarted, ${windows} in the window\n`)
    },
  })
  console.log(formatChaos(result))
  return result.violations.length === 0 ? 0 : 1
}
