import { createLog } from "../http/log.js"
import { buildServer } from "../http/build-server.js"
import { LocalIssuer } from "./local-issuer.js"
import { configOf, registryUnderTest } from "./registry-under-test.js"

export const API_KEY = "canary-api-key-0123456789"

/** A server over real tokens of a local issuer. It listens nowhere: `app.inject`. */
export async function serverUnderTest(names: readonly string[] = ["billing"], fields: object = {}) {
  const issuer = await LocalIssuer.start()
  const { registry, clock, cache } = registryUnderTest()
  const lines: string[] = []
  const log = createLog({ level: "info" }, { write: (line) => void lines.push(line) })
  const app = buildServer(registry, { apiKey: API_KEY, clock, log })
  const config = configOf(issuer.url, { grant: "client_credentials", ...fields })
  await registry.apply(Object.fromEntries(names.map((name) => [name, config])))
  return {
    ...{ app, issuer, registry, clock, cache, lines },
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await registry.close()
      await issuer[Symbol.asyncDispose]()
    },
  }
}
