import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { explainIssue } from "./explain-issue.js"
import { scenarioFile, type Scenario } from "./scenario.js"

/** A file of scenarios that cannot be used: which, where in it, and what mends it. */
export class ScenarioFileError extends Error {
  override readonly name = "ScenarioFileError"
}

/** A scenario and where it was read. */
export interface FoundScenario {
  readonly file: string
  readonly scenario: Scenario
}

/**
 * All scenarios in the `*.json` files of a directory, in the order of their names.
 * @throws ScenarioFileError
 */
export async function readScenarios(directory: string): Promise<FoundScenario[]> {
  const names = (await namesIn(directory)).filter((name) => name.endsWith(".json")).sort()
  if (names.length === 0)
    throw new ScenarioFileError(`${directory}: has no *.json files. Put a file of scenarios there.`)
  const found: FoundScenario[] = []
  for (const name of names) found.push(...(await readScenarioFile(join(directory, name))))
  assertUniqueNames(found)
  return found
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch {
    throw new ScenarioFileError(`${directory}: is no directory that can be read. Give another one by --scenarios.`)
  }
}

async function readScenarioFile(file: string): Promise<FoundScenario[]> {
  const data = parse(file, await readFile(file, "utf8"))
  const result = scenarioFile.safeParse(data)
  if (result.success) return result.data.scenarios.map((scenario) => ({ file, scenario }))
  const problems = result.error.issues.map((issue) => `  ${explainIssue(issue, data)}`)
  throw new ScenarioFileError(
    `${file}: does not follow the format (README.md beside the scenarios):\n${problems.join("\n")}`,
  )
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ScenarioFileError(`${file}: is no JSON (${String(error)}). Mend it there.`)
  }
}

function assertUniqueNames(found: readonly FoundScenario[]): void {
  const files = new Map<string, string>()
  for (const { file, scenario } of found) {
    const other = files.get(scenario.name)
    if (other !== undefined) {
      throw new ScenarioFileError(`${file}: the name "${scenario.name}" is used in ${other} too. Give it another one.`)
    }
    files.set(scenario.name, file)
  }
}
