// The public API of each package, as its reports say: packages/NAME/api/ENTRY-POINT.api.md. A change of it shows in the diff.
//
//   node test/api/main.js            fails where a report is not as the API is, and tells which command updates it
//   node test/api/main.js --update   writes the reports
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join, resolve } from "node:path"
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor"

const ROOT = resolve(import.meta.dirname, "../..")
const update = process.argv.includes("--update")
const temporary = mkdtempSync(join(tmpdir(), "evertoken-api-"))

// A sub-path uses what the core exports; that a type is exported at all, and documented, is not looked at here.
const silent = { default: { logLevel: "none" } }
const messages = {
  compilerMessageReporting: { default: { logLevel: "error" } },
  extractorMessageReporting: silent,
  tsdocMessageReporting: silent,
}

/** Whether the report of one entry point is as the API is; afterwards, if reports are updated. */
function look(directory, types, reportFileName) {
  const extractorConfig = ExtractorConfig.prepare({
    configObject: {
      projectFolder: directory,
      mainEntryPointFilePath: join(directory, types),
      compiler: { tsconfigFilePath: join(directory, "tsconfig.json") },
      newlineKind: "lf",
      apiReport: {
        enabled: true,
        reportFileName,
        reportFolder: join(directory, "api"),
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages,
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(directory, "package.json"),
  })
  const { apiReportChanged, errorCount } = Extractor.invoke(extractorConfig, {
    localBuild: update,
    messageCallback: (message) => {
      message.handled = message.category === "console"
    },
  })
  return errorCount === 0 && (update || !apiReportChanged)
}

function lookAtPackage(name) {
  const directory = join(ROOT, "packages", name)
  const { exports } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"))
  const entryPoints = Object.entries(exports).filter(([, target]) => target.types !== undefined)
  const reports = new Map(
    entryPoints.map(([path, { types }]) => [`${path.slice(2).replaceAll("/", "-") || "index"}.api.md`, types]),
  )
  const folder = join(directory, "api")
  mkdirSync(folder, { recursive: true })
  const needless = readdirSync(folder).filter((file) => !reports.has(file))
  if (update) for (const file of needless) rmSync(join(folder, file))
  const wrong = [...reports].filter(([file, types]) => !look(directory, types, file)).map(([file]) => file)
  return [...wrong, ...(update ? [] : needless)].map((file) => `packages/${name}/api/${basename(file)}`)
}

try {
  const wrong = ["evertoken", "session", "server"].flatMap(lookAtPackage)
  for (const file of wrong) console.error(`${file} is not as the API is`)
  if (wrong.length > 0) console.error("If the change is meant: npm run api")
  process.exitCode = wrong.length > 0 ? 1 : 0
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
