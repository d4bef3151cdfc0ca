import type { Clock } from "evertoken"
import type { Config } from "../config/config.js"
import { placesOf } from "../config/places.js"
import type { Finding } from "./finding.js"
import { checkIssuers } from "./issuer-checks.js"
import { checkPermissions } from "./permission-checks.js"
import { checkSecrets } from "./secret-checks.js"
import { checkServer } from "./server-checks.js"
import { checkStores } from "./store-checks.js"

/** Looks at all that a configuration needs. No issuer is asked for a token; nothing is changed, but that a database gets its tables. */
export async function* examine(
  { file, config }: { readonly file: string; readonly config: Config },
  clock: Clock,
): AsyncIterable<Finding> {
  const { stateDirectory, socket } = placesOf({ stateDirectory: config.stateDirectory, socket: config.listen.socket })
  const checks = [
    checkSecrets(config),
    checkPermissions({ configFile: file, stateDirectory, socket }),
    checkStores(config, { stateDirectory, clock }),
    checkIssuers(config, clock),
    checkServer(config, clock),
  ]
  // none of them may be left behind by the failure of another
  const settled = checks.map((check) =>
    check.then(
      (findings) => () => findings,
      (error: unknown) => () => raise(error),
    ),
  )
  for (const findings of settled) yield* (await findings)()
}

function raise(error: unknown): never {
  throw error
}
