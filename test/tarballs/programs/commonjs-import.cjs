// What works in CommonJS on every Node.js.
const scenario = require("./scenario.cjs")

async function main() {
  const { CachedTokenSource, TokenWatcher } = await import("evertoken")
  const { FileTokenCache } = await import("evertoken/file")
  const { createFetch } = await import("evertoken/http")
  const { ClientCredentialsSource } = await import("evertoken/oauth2")
  await scenario({ CachedTokenSource, TokenWatcher, FileTokenCache, createFetch, ClientCredentialsSource })
}

void main()
