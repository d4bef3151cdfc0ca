/** What `TokenCredential` of `@azure/core-auth` gives. Times are epoch milliseconds. */
export interface AzureAccessToken {
  token: string
  expiresOnTimestamp: number
  refreshAfterTimestamp?: number
  tokenType?: "Bearer" | "pop"
}

/** Of what `TokenCredential` of `@azure/core-auth` is told, what is used here. */
export interface AzureTokenOptions {
  /** The caller's patience; honoured if it is Node.js's own `AbortSignal`. */
  readonly abortSignal?: object
  /** What an API demands beyond the token that it rejects (Continuous Access Evaluation). */
  readonly claims?: string
  readonly tenantId?: string
}

/** `TokenCredential` of `@azure/core-auth`. */
export interface AzureCredential<Options = AzureTokenOptions> {
  getToken(scopes: string | string[], options?: Options): Promise<AzureAccessToken | null>
}
