/**
 * Proves possession of the key that tokens are bound to (DPoP, RFC 9449). `DPoPKey` of `evertoken/oauth2` is one. Safe
 * to use concurrently.
 */
export interface ProofOfPossession {
  /** The value of the `DPoP` header of one request, with the newest nonce that the request's origin has given. */
  proof(request: ProvenRequest): Promise<string>
  /** Keeps the nonce of an answer's `DPoP-Nonce` header for further requests to the same origin (section 8). */
  noteNonce(url: string, nonce: string): void
}

/** The request that a proof is for (RFC 9449, section 4.2): it is good for no other. */
export interface ProvenRequest {
  readonly method: string
  readonly url: string
  /** The token that the request carries; none in a request for a token. */
  readonly accessToken?: string | undefined
}
