import { configurationOf, type ConfigOption } from "./configuration.js"
import { glyphsFor } from "./life-bar.js"
import { paintFor } from "./paint.js"
import { Screen } from "./screen.js"
import { ShutdownSignals } from "./shutdown-signals.js"
import { boardOf } from "./status-board.js"
import { tableOf } from "./status-table.js"
import { printable, type Terminal } from "./terminal.js"
import { WatchedTokens, type Look } from "./watched-tokens.js"

const LOOK_MS = 1_000

export interface WatchOptions extends ConfigOption {
  readonly json?: boolean
}

interface View extends Disposable {
  show(look: Look): void
}

/** Tells how the tokens are doing, until a signal ends it: on a screen of its own, or in lines whenever one changes. */
export async function watchStatus(options: WatchOptions, terminal: Terminal): Promise<void> {
  const { config } = await configurationOf(options)
  await using tokens = new WatchedTokens(config, terminal.clock)
  let look = await tokens.look()
  using signals = new ShutdownSignals()
  const ended = signals.first.then(() => "ended" as const)
  using view = options.json !== true && terminal.stdout.isTTY === true ? board(terminal) : lines(options, terminal)
  view.show(look)
  while ((await Promise.race([ended, nextLook(terminal)])) !== "ended") {
    look = await tokens.look()
    view.show(look)
  }
}

function nextLook({ clock }: Terminal): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(resolve, LOOK_MS))
}

function board(terminal: Terminal): View {
  const { stdout, clock } = terminal
  const [paint, glyphs] = [paintFor(stdout), glyphsFor()]
  let last: Look | undefined
  const show = (look: Look) => {
    last = look
    const rows = boardOf(look.statuses, { now: clock.now(), width: screen.width, glyphs, paint })
    const note = noteOf(look)
    screen.draw([...rows, ...(note === undefined ? [] : [paint(note, "red")]), paint("Ctrl-C ends this.", "dim")])
  }
  const screen = new Screen(terminal, () => last && show(last))
  return { show, [Symbol.dispose]: () => screen[Symbol.dispose]() }
}

function lines({ json = false }: WatchOptions, { stdout, stderr, clock }: Terminal): View {
  let before: string | undefined
  let told: string | undefined
  return {
    show: (look) => {
      const now = JSON.stringify(look.statuses)
      if (now !== before) stdout.write(json ? `${now}\n` : `${tableOf(look.statuses, clock.now())}\n`)
      const note = noteOf(look)
      if (note !== undefined && note !== told) stderr.write(`evertoken: ${note}\n`)
      before = now
      told = note
    },
    [Symbol.dispose]: () => undefined,
  }
}

function noteOf({ isServer, lost }: Look): string | undefined {
  if (lost !== undefined) return `${printable(lost)}; trying again`
  return isServer ? undefined : "no server is running: this is what the stores hold"
}
