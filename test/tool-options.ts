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
