// A token from an issuer, kept in a file, renewed ahead of time, carried to an API: all on loopback, in one process. Prints how
// often the issuer was asked, and what the API was sent.
const { once } = require("node:events")
const { mkdtemp, readFile, rm } = require("node:fs/promises")
const { createServer } = require("node:http")
const { tmpdir } = require("node:os")
const { join } = require("node:path")

module.exports = async function scenario({
  CachedTokenSource,
  TokenWatcher,
  FileTokenCache,
  createFetch,
  ClientCredentialsSource,
}) {
  let issued = 0
  const server = createServer((request, response) => {
    const isIssuer = request.url === "/token"
    if (isIssuer) issued += 1
    const token = { access_token: `token-${issued}`, token_type: "Bearer", expires_in: 3600 }
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify(isIssuer ? token : { sent: request.headers.authorization }))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const origin = `http://127.0.0.1:${server.address().port}`
  const directory = await mkdtemp(join(tmpdir(), "evertoken-scenario-"))
  const caches = () => [new FileTokenCache(join(directory, "token.json"))]
  const client = { tokenEndpoint: `${origin}/token`, clientId: "billing", clientSecret: "secret" }
  const open = () => new CachedTokenSource(new ClientCredentialsSource(client), { caches: caches() })
  try {
    const watcher = await TokenWatcher.start(open())
    const fetch = createFetch(watcher, { origins: [origin] })
    const answers = [await (await fetch(`${origin}/invoices`)).json()]
    await watcher.close()

    // as another process that shares the file: it takes what is there over
    const other = await TokenWatcher.start(open(), { minimumIntervalMs: 0 })
    answers.push({ kept: other.current().authorization })
    answers.push({ renewed: (await other.refresh()).authorization })
    await other.close()
    await readFile(join(directory, "token.json"))
    console.log(JSON.stringify({ issued, answers }))
  } finally {
    server.close()
    await rm(directory, { recursive: true, force: true })
  }
}
