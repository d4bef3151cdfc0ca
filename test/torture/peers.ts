import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const PEERS = new URL("../peers/", import.meta.url)

export interface Peer {
  readonly name: string
  /** The package that is looked at. */
  readonly package: string
  /** The URL of the module that opens its clients. */
  readonly module: string
}

const peer = (name: string, packageName = name): Peer => ({
  name,
  package: packageName,
  module: new URL(`${name}.js`, PEERS).href,
})

export const EVERTOKEN = peer("evertoken")

export const peers: readonly Peer[] = [
  EVERTOKEN,
  peer("google-auth-library"),
  peer("azure-bearer-policy", "@azure/core-rest-pipeline"),
  peer("msal-node", "@azure/msal-node"),
  peer("smithy-memoize", "@smithy/property-provider"),
  peer("badgateway-oauth2-client", "@badgateway/oauth2-client"),
  peer("simple-oauth2"),
  peer("undici-oidc-interceptor"),
  peer("undici-oauth-interceptor"),
  peer("axios-token-interceptor"),
]

/** Where the peers are installed. */
export const PEERS_DIRECTORY = fileURLToPath(PEERS)

/** The version that is installed of a package of the peers, or of this library. Undefined: it is not. */
export function versionOf(packageName: string): string | undefined {
  const path =
    packageName === EVERTOKEN.package
      ? new URL("../../packages/evertoken/package.json", import.meta.url)
      : new URL(`node_modules/${packageName}/package.json`, PEERS)
  if (!existsSync(path)) return undefined
  return (JSON.parse(readFileSync(path, "utf8")) as { readonly version: string }).version
}

/** What `package.json` of the peers asks for. */
export function wantedVersions(): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(new URL("package.json", PEERS), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  return manifest.dependencies
}
