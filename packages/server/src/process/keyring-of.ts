import { EncryptionKey, Keyring } from "evertoken/encryption"
import type { Config } from "../config/config.js"
import { namedSecret } from "../config/named-secret.js"

/** The keys that a configuration names; none if tokens are not to be encrypted. @throws Error naming the one that cannot be used. */
export async function keyringOf({ encryption }: Pick<Config, "encryption">): Promise<Keyring | undefined> {
  if (encryption === undefined) return undefined
  const keys = await Promise.all(
    encryption.keys.map(async (reference) => {
      const material = await namedSecret("encryption.keys", reference)
      try {
        return EncryptionKey.from(material)
      } catch (error) {
        throw new TypeError(
          `encryption.keys: ${reference.toString()}: ${error instanceof Error ? error.message : "is no key"}`,
        )
      }
    }),
  )
  return new Keyring(keys)
}
