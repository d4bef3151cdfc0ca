import type { ClientAuth } from "oauth4webapi"
import { assertionSupply, type Assertion } from "./assertion.js"

/**
 * A JWT that somebody else has signed proves who the client is, in place of a secret (RFC 7523, section 2.2): the
 * projected token of a Kubernetes service account, a SPIFFE JWT-SVID. Got anew for each request.
 */
export interface ClientAssertion {
  readonly method: "client_assertion"
  readonly assertion: Assertion
}

const TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

export function isClientAssertion(value: unknown): value is ClientAssertion {
  return typeof value === "object" && value !== null && Reflect.get(value, "method") === "client_assertion"
}

/** @throws TypeError that names the option, and shows nothing of the assertion. */
export function clientAssertionOf({ assertion }: ClientAssertion): ClientAuth {
  const supply = assertionSupply("clientAuthentication.assertion", assertion)
  return async (_server, client, body) => {
    body.set("client_id", client.client_id)
    body.set("client_assertion_type", TYPE)
    body.set("client_assertion", await supply.get({ signal: undefined }))
  }
}
