// Asks for one token by mutual TLS, in a process of its own: only at its start does one learn of an authority to trust.
import { TokenError } from "evertoken"
import { ClientCredentialsSource, type ClientCredentialsOptions } from "evertoken/oauth2"

const options = JSON.parse(process.env["MUTUAL_TLS_OPTIONS"] ?? "{}") as ClientCredentialsOptions
try {
  const { tokenType } = await new ClientCredentialsSource(options).getToken()
  console.log(JSON.stringify({ tokenType }))
} catch (error) {
  if (!(error instanceof TokenError)) throw error
  console.log(JSON.stringify(error))
}
