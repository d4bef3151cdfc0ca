export { McpClientFile } from "./mcp-client-file.js"
export type { McpClient, McpClientStore, McpTokens } from "./mcp-client.js"
export { McpOAuthProvider, type McpOAuthProviderOptions } from "./mcp-oauth-provider.js"
