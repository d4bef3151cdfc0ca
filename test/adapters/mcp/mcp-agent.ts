import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { CachedTokenSource } from "evertoken"
import { McpClientFile, McpOAuthProvider } from "evertoken/adapters/mcp"
import { FileTokenCache } from "evertoken/file"
import { RefreshTokenSource } from "evertoken/oauth2"
import { join } from "node:path"

/** An agent as an application would write it: its registration and its token are in files that its processes share. */
export class McpAgent {
  readonly provider
  readonly #url: URL
  /** Where the user was sent. */
  readonly pages: URL[] = []
  #client: Client | undefined

  constructor({ url, directory }: { readonly url: string; readonly directory: string }) {
    this.#url = new URL(url)
    this.provider = new McpOAuthProvider({
      clientMetadata: {
        client_name: "agent",
        redirect_uris: ["http://127.0.0.1/callback"],
        token_endpoint_auth_method: "none",
      },
      redirectUrl: "http://127.0.0.1/callback",
      clients: new McpClientFile(join(directory, "client.json")),
      tokenSource: ({ issuer, client_id: clientId }) =>
        new CachedTokenSource(new RefreshTokenSource({ issuer, clientId, clientAuthentication: "none" }), {
          caches: [new FileTokenCache(join(directory, "token.json"))],
          minimumIntervalMs: 0,
        }),
      redirectToAuthorization: (page) => void this.pages.push(page),
    })
  }

  /** Rejects with the SDK's `UnauthorizedError` once the user was sent to sign in. */
  async connect(): Promise<void> {
    const client = new Client({ name: "agent", version: "1.0.0" })
    await client.connect(this.#transport())
    this.#client = client
  }

  /** The user signs in on the page that was shown last. */
  async signIn(): Promise<void> {
    const page = this.pages.at(-1)
    if (page === undefined) throw new Error("no page was shown")
    const { headers } = await fetch(page, { redirect: "manual" })
    const redirected = new URL(headers.get("location") ?? "http://127.0.0.1/nowhere")
    await this.#transport().finishAuth(this.provider.codeOf(redirected))
  }

  async greet(): Promise<unknown> {
    return (await this.#client?.callTool({ name: "greet" }))?.content
  }

  async close(): Promise<void> {
    await this.#client?.close()
    await this.provider.close()
  }

  #transport(): StreamableHTTPClientTransport {
    return new StreamableHTTPClientTransport(this.#url, { authProvider: this.provider, fetch: this.provider.fetch })
  }
}
