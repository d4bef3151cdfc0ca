/** A registration at an authorization server, as the SDK gives it and takes it (RFC 7591, section 3.2.1). */
export interface McpClient {
  readonly client_id: string
  readonly client_secret?: string | undefined
  /** The authorization server that it was obtained from; the SDK adds it. */
  readonly issuer?: string | undefined
}

/** Tokens as the SDK gives them and takes them (RFC 6749, section 5.1). */
export interface McpTokens {
  readonly access_token: string
  readonly token_type: string
  readonly id_token?: string | undefined
  readonly expires_in?: number | undefined
  readonly scope?: string | undefined
  readonly refresh_token?: string | undefined
}

/** Keeps the registration that all processes of an application share. */
export interface McpClientStore {
  /** @returns a promise of what was last written, all of its properties; undefined: there is none. */
  read(): Promise<McpClient | undefined>
  /** Replaces it, for all processes; undefined forgets it. */
  write(client: McpClient | undefined): Promise<void>
}
