import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js"
import { getOAuthProtectedResourceMetadataUrl, mcpAuthRouter } from "@modelcontextprotocol/sdk/server/auth/router.js"
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js"
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { StrictAuthorization } from "./strict-authorization.js"

/** A real MCP server, protected by a real authorization server, both of the SDK, on a loopback port. */
export class McpSite {
  readonly url: URL
  readonly authorization = new StrictAuthorization()
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    const { port } = server.address() as AddressInfo
    this.url = new URL(`http://127.0.0.1:${port}/mcp`)
    const provider = this.authorization
    const app = createMcpExpressApp()
    const unlimited = { rateLimit: false as const }
    app.use(
      mcpAuthRouter({
        provider,
        issuerUrl: new URL(this.url.origin),
        resourceServerUrl: this.url,
        tokenOptions: unlimited,
        authorizationOptions: unlimited,
        clientRegistrationOptions: unlimited,
      }),
    )
    const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(this.url)
    app.post("/mcp", requireBearerAuth({ verifier: provider, resourceMetadataUrl }), (request, response) => {
      void answer(request, response)
    })
    server.on("request", app)
  }

  static async start(): Promise<McpSite> {
    const server = createServer()
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    return new McpSite(server)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }
}

type Handle = StreamableHTTPServerTransport["handleRequest"]

async function answer(request: Parameters<Handle>[0] & { body?: unknown }, response: Parameters<Handle>[1]) {
  const server = new McpServer({ name: "site", version: "1.0.0" })
  server.registerTool("greet", {}, () => ({ content: [{ type: "text", text: "hello" }] }))
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport)
  await transport.handleRequest(request, response, request.body)
}
