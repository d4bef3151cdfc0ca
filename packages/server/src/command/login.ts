import type { Timer } from "evertoken"
import open from "open"
import { browserElsewhere } from "./browser-elsewhere.js"
import { CommandError } from "./command-error.js"
import { ShutdownSignals } from "./shutdown-signals.js"
import type { SignInPrompt } from "../tokens/sign-in.js"
import { endingNotes } from "./status-table.js"
import { printable, type Terminal } from "./terminal.js"
import type { TokenService } from "./token-service.js"

const STEP_MS = 1_000

/** Shows a person where to sign in, and waits until the tokens are kept. Ctrl-C ends the sign-in, wherever it is under way. */
export async function login(name: string, tokens: TokenService, terminal: Terminal): Promise<void> {
  const { stderr } = terminal
  const prompt = await tokens.signIn(name)
  using signals = new ShutdownSignals()
  stderr.write(`${printable(wordsFor(prompt))}\n`)
  if (stderr.isTTY === true && prompt.kind === "browser") await open(prompt.url).catch(() => undefined)
  const outcome = await outcomeOf(prompt, { signedIn: tokens.signedIn(name), signals, terminal })
  if (outcome !== "kept") {
    await tokens.cancelSignIn(name)
    throw new CommandError("the sign-in is cancelled", { exitCode: outcome === "SIGINT" ? 130 : 143 })
  }
  stderr.write(`${name}: signed in, and kept\n`)
  const status = (await tokens.list()).find((status) => status.name === name)
  for (const note of status === undefined ? [] : endingNotes(status)) stderr.write(`  ${note}\n`)
}

interface Waiting {
  readonly signedIn: Promise<void>
  readonly signals: ShutdownSignals
  readonly terminal: Terminal
}

/** `kept`, or the signal by which somebody has given up. */
async function outcomeOf(prompt: SignInPrompt, { signedIn, signals, terminal }: Waiting): Promise<string> {
  // after a signal it fails, since it is ended then
  signedIn.catch(() => undefined)
  using _progress = progress(prompt.expiresAt, terminal)
  return await Promise.race([signedIn.then(() => "kept"), signals.first])
}

function wordsFor(prompt: SignInPrompt): string {
  if (prompt.kind === "browser") {
    const elsewhere = browserElsewhere(prompt.url)
    return `Sign in, in a browser of this machine:\n  ${prompt.url}${elsewhere === undefined ? "" : `\n${elsewhere}`}`
  }
  const { verificationUri, verificationUriComplete, userCode } = prompt
  const direct = verificationUriComplete === undefined ? "" : `\nor at once:\n  ${verificationUriComplete}`
  return `Sign in, on any device, at\n  ${verificationUri}\nwith the code\n  ${userCode}${direct}`
}

/** One line that tells how long it may take still; where nobody watches, it is written once. */
function progress(expiresAt: number, { stderr, clock }: Terminal): Disposable {
  if (stderr.isTTY !== true) {
    stderr.write("Waiting for the sign-in …\n")
    return { [Symbol.dispose]: () => undefined }
  }
  let timer: Timer | undefined
  const show = () => {
    const left = Math.max(0, Math.round((expiresAt - clock.now()) / 1_000))
    stderr.write(`\r\u001b[KWaiting for the sign-in, ${Math.floor(left / 60)} min ${left % 60} s left …`)
    timer = clock.setTimer(show, STEP_MS)
  }
  show()
  return {
    [Symbol.dispose]: () => {
      timer?.cancel()
      stderr.write("\r\u001b[K")
    },
  }
}
