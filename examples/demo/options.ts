import { Command, InvalidArgumentError } from "commander"

export interface DemoOptions {
  readonly lifetimeSeconds: number
  readonly processes: number
  /** Undefined: until somebody ends it. */
  readonly cycles: number | undefined
  /** Redraws the terminal; else prints lines. */
  readonly isLive: boolean
  readonly isAscii: boolean
}

/** What the command line asks for. Exits by itself for `--help` and for what it does not understand. */
export function parseOptions(argv: readonly string[], isTerminal: boolean): DemoOptions {
  const command = new Command("npm start --")
    .description("A real OAuth2 issuer, several processes that share one token over a file, and a live view of both.")
    .option("-l, --lifetime <seconds>", "lifetime of a token", wholeNumber(8, 3_600), 12)
    .option("-p, --processes <count>", "how many processes share the token", wholeNumber(2, 8), 4)
    .option(
      "-c, --cycles <count>",
      "end after so many cycles (default: in a terminal never, else 1)",
      wholeNumber(1, 1_000),
    )
    .option("--plain", "print lines instead of redrawing the terminal")
    .option("--ascii", "draw with ASCII characters only")
    .addHelpText("after", "\nIn a terminal, q or Ctrl-C ends it. NO_COLOR is respected.")
    .parse(argv)
  const given = command.opts<GivenOptions>()
  return {
    lifetimeSeconds: given.lifetime,
    processes: given.processes,
    cycles: given.cycles ?? (isTerminal ? undefined : 1),
    isLive: isTerminal && given.plain !== true,
    isAscii: given.ascii === true,
  }
}

interface GivenOptions {
  readonly lifetime: number
  readonly processes: number
  readonly cycles?: number
  readonly plain?: boolean
  readonly ascii?: boolean
}

function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
  }
}
