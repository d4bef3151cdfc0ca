import { parseArgs, type ParseArgsConfig } from "node:util"

type Options = NonNullable<ParseArgsConfig["options"]>
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>["values"]

/** The options that a tool was given. One that it does not have ends it, in a line that says so. */
export function toolOptions<const T extends Options>(options: T): Values<T> {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n--help tells which there are`)
    process.exit(2)
  }
}

/** A whole number that an option was given, or a line that says what is wrong with it. */
export function wholeNumber(name: string, text: string, least: number): number | undefined {
  const value = Number(text)
  if (text !== "" && Number.isSafeInteger(value) && value >= least) return value
  console.error(`${name} must be a whole number of at least ${least}; got ${text}`)
  return undefined
}
