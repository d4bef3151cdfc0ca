import { providePostgres } from "../servers/postgres-server.js"
import { toolOptions, wholeNumber } from "../tool-options.js"
import { formatSessionChaos } from "./chaos-report.js"
import { runSessionChaos } from "./chaos-run.js"

const HELP = `Kills servers of a web application (SIGKILL) at random moments, and starts others in their places, over one real PostgreSQL,
while users sign in, ask for pages with stale cookies, and sign out, against an issuer that revokes the whole family when a
spent refresh token comes again.

  npm run chaos:session -- [--kills N] [--users N] [--seed S]

  --kills N   ends after so many (default 100: about 5 minutes)
  --users N   users at a time (default 12)
  --seed S    whole number; the same one gives the same schedule (default: drawn, and printed)
  --help      this text

Prints a report. Exit code 1: outside of the window that no client can close, a refresh token was presented twice, a family
was revoked, somebody got an error, was signed out, or got back in after signing out.`

const PROGRESS_EVERY = 25

const values = toolOptions({
  kills: { type: "string", default: "100" },
  users: { type: "string", default: "12" },
  seed: { type: "string" },
  help: { type: "boolean", default: false },
})

if (values.help) console.log(HELP)
else process.exitCode = await run()

async function run(): Promise<number> {
  const kills = wholeNumber("--kills", values.kills, 1)
  const users = wholeNumber("--users", values.users, 1)
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : wholeNumber("--seed", values.seed, 0)
  if (kills === undefined || users === undefined || seed === undefined) return 2
  const programs = providePostgres()
  if (programs === undefined) return 2
  console.log(`npm run chaos:session -- --kills ${kills} --users ${users} --seed ${seed}\n`)
  const result = await runSessionChaos({
    ...{ programs, kills, users, seed },
    onProgress: ({ kills: done, answers, resets }) => {
      if (done % PROGRESS_EVERY !== 0) return
      process.stderr.write(`${done} of ${kills} killed, ${answers} answers, ${resets} resets\n`)
    },
  })
  console.log(formatSessionChaos(result))
  return result.violations.length === 0 ? 0 : 1
}
