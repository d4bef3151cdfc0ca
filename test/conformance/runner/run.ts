import { readScenarios, ScenarioFileError } from "../format/scenario-files.js"
import { scenarioJsonSchema } from "../format/scenario-schema.js"
import { STORES } from "../stores/stores.js"
import type { StoreUnderTest } from "../stores/store-under-test.js"
import { helpText, parseCommandLine, UsageError, type CommandLine } from "./command-line.js"
import { isFor, play } from "./play.js"
import { describeFailure, describeSuccess } from "./report.js"

export interface RunOptions {
  readonly defaultScenarios: string
  readonly print: (line: string) => void
}

/** Does what the command line says. @returns the exit code. */
export async function run(args: readonly string[], { defaultScenarios, print }: RunOptions): Promise<number> {
  try {
    const commandLine = parseCommandLine(args, { scenarios: defaultScenarios })
    const text = textAsked(commandLine)
    if (text === undefined) return await playAll(commandLine, print).finally(() => endStores())
    print(text)
    return 0
  } catch (error) {
    if (!(error instanceof ScenarioFileError) && !(error instanceof UsageError)) throw error
    print(error.message)
    if (error instanceof UsageError) print("See --help.")
    return 2
  }
}

function textAsked({ help, schema }: CommandLine): string | undefined {
  if (help) return helpText(STORES.map(({ name }) => name))
  return schema ? JSON.stringify(scenarioJsonSchema(), undefined, 2) : undefined
}

async function playAll({ scenarios, stores, only }: CommandLine, print: (line: string) => void): Promise<number> {
  const chosen = storesNamed(stores)
  const found = (await readScenarios(scenarios)).filter(({ scenario }) => scenario.name.includes(only))
  if (found.length === 0) throw new UsageError(`no scenario has a name with "${only}" in it`)
  let [passed, failed, inapplicable] = [0, 0, 0]
  for (const each of found) {
    for (const store of chosen) {
      if (!isFor(each, store)) {
        inapplicable++
        continue
      }
      const played = await play(each, store)
      print(played.failure === undefined ? describeSuccess(played) : describeFailure(played))
      if (played.failure === undefined) passed++
      else failed++
    }
  }
  if (inapplicable > 0) print(`${inapplicable} not played: they say nothing about that kind of store`)
  print(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

async function endStores(): Promise<void> {
  for (const store of STORES) await store.end?.()
}

function storesNamed(names: readonly string[]): readonly StoreUnderTest[] {
  if (names.length === 0) return STORES
  return names.map((name) => {
    const store = STORES.find((each) => each.name === name)
    if (store === undefined)
      throw new UsageError(`no store "${name}": there are ${STORES.map((each) => each.name).join(", ")}`)
    return store
  })
}
