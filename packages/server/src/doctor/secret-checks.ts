import { access } from "node:fs/promises"
import { constants } from "node:fs"
import type { Config } from "../config/config.js"
import { memberOf } from "../config/member-of.js"
import { SecretError } from "../config/secret-error.js"
import type { SecretReference } from "../config/secret-reference.js"
import type { TokenConfig } from "../config/token-config.js"
import { keyringOf } from "../process/keyring-of.js"
import { fail, ok, warn, type Finding } from "./finding.js"

/** Whether every secret and file that the configuration names can be read by this user. */
export async function checkSecrets(config: Config): Promise<readonly Finding[]> {
  const { listen, tokens } = config
  const secrets = Object.entries(tokens).flatMap(([name, token]) => [
    { subject: `tokens.${name}.client.secret`, secret: token.client.secret },
    {
      subject: `tokens.${name}.refreshToken`,
      secret: token.grant === "refresh_token" ? token.refreshToken : undefined,
    },
  ])
  const files = Object.entries(tokens).flatMap(([name, token]) => filesOf(name, token))
  const { tls, apiKey } = listen.tcp ?? {}
  const ofServer = [
    ["listen.tcp.tls.certificate", tls?.certificate],
    ["listen.tcp.tls.key", tls?.key],
  ]
  const found = await Promise.all([
    ...[...secrets, { subject: "listen.tcp.apiKey", secret: apiKey }].map(checkSecret),
    ...[...files, ...ofServer].map(checkFile),
    checkEncryption(config),
  ])
  return found.filter((finding) => finding !== undefined)
}

type NamedFile = readonly (string | undefined)[]

function filesOf(name: string, token: TokenConfig): readonly NamedFile[] {
  const { authentication } = token.client
  const own = typeof authentication === "object" ? Object.entries(authentication) : []
  const ofClient = own.filter(([field]) => ["key", "certificate", "assertion"].includes(field))
  const ofGrant = [
    ["certificateAuthority", token.certificateAuthority],
    ["assertion", token.grant === "jwt_bearer" ? token.assertion : undefined],
    ["subjectToken", token.grant === "token_exchange" ? token.subjectToken : undefined],
  ]
  return [
    ...ofClient.map(([field, file]) => [`tokens.${name}.client.authentication.${field}`, file]),
    ...ofGrant.map(([field, file]) => [`tokens.${name}.${field}`, file]),
  ]
}

async function checkSecret({
  subject,
  secret,
}: {
  readonly subject: string
  readonly secret: SecretReference | undefined
}): Promise<Finding | undefined> {
  if (secret === undefined) return undefined
  try {
    await secret.resolve()
    if (secret.kind !== "literal") return ok(subject, `${String(secret)} can be read`)
    return warn(subject, "it stands in the configuration", "Put it into env:, file: or keyring:, and replace it.")
  } catch (error) {
    const message = error instanceof SecretError ? error.message : `${String(secret)} cannot be had`
    return fail(subject, message, "The server reads it as the user, and in the environment, that it is started with.")
  }
}

async function checkFile([subject = "", file]: NamedFile): Promise<Finding | undefined> {
  if (file === undefined) return undefined
  try {
    await access(file, constants.R_OK)
    return ok(subject, `${file} can be read`)
  } catch (error) {
    const code = String(memberOf(error, "code"))
    return fail(subject, `${file} cannot be read: ${code}`, "Look at its path, and whose it is.")
  }
}

async function checkEncryption(config: Config): Promise<Finding> {
  const subject = "encryption"
  try {
    const keyring = await keyringOf(config)
    if (keyring !== undefined) return ok(subject, "tokens are encrypted where they are kept")
    const hint = "openssl rand -base64 32 > token.key; chmod 600 token.key; then encryption: { keys: [file:token.key] }"
    return warn(subject, "tokens are kept readable", hint)
  } catch (error) {
    const message = error instanceof Error ? error.message : "a key cannot be had"
    return fail(subject, message, "A key is 32 bytes in base64, base64url or hex: openssl rand -base64 32")
  }
}
