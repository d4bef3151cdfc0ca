import { parseArgs } from "node:util"

export interface CommandLine {
  readonly help: boolean
  readonly schema: boolean
  readonly scenarios: string
  /** Names; empty: all. */
  readonly stores: readonly string[]
  /** Empty: all scenarios. */
  readonly only: string
}

/** @throws UsageError */
export function parseCommandLine(args: readonly string[], defaults: { readonly scenarios: string }): CommandLine {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h", default: false },
        schema: { type: "boolean", default: false },
        scenarios: { type: "string", default: defaults.scenarios },
        store: { type: "string", multiple: true, default: [] },
        only: { type: "string", default: "" },
      },
    })
    const { help, schema } = values
    return { help, schema, scenarios: values.scenarios, stores: values.store, only: values.only }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** The command was given something that it does not take. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

export function helpText(stores: readonly string[]): string {
  return `Plays conformance scenarios: JSON files that say where a program begins, what happens to it,
and what must be so. Time is virtual: hours pass in milliseconds.

  npm run conformance -- [options]

  --scenarios DIR   the directory with the *.json files   (default: the library's own)
  --store NAME      play against this store: ${stores.join(", ")}; may be repeated   (default: all)
  --only TEXT       play only scenarios whose name contains this text
  --schema          print the JSON schema of the format, for your editor
  --help            show this

Examples

  npm run conformance -- --store file --only "expires_in"
  npm run conformance -- --scenarios ./my-scenarios

The format is described in test/conformance/scenarios/README.md. The exit code is 0 if all
passed, 1 if one failed, 2 if the scenarios or the options cannot be used.`
}
