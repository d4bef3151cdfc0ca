import { z } from "zod"
import { nearestName } from "./nearest-name.js"
import { SecretReference } from "./secret-reference.js"

/** What the meaning of some fields depends on, and they themselves do not tell. */
export interface FieldContext {
  /** Makes what may be relative to the file of the configuration, or to the home directory, absolute. */
  readonly resolvePath: (path: string) => string
  readonly allowLiteralSecrets: boolean
  readonly storeNames: readonly string[]
}

/** The fields that are what they are by their context. */
export type ConfigFields = ReturnType<typeof configFields>

export const text = z.string().min(1)

/** In URLs, file names, metric labels and on the command line. */
export const tokenName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be 1 to 64 letters, digits, dots, dashes or underscores")

/** The store of tokens that name none. */
export const DEFAULT_STORE = "file"

const REFUSED =
  "must be a reference, not the secret itself: put the secret into an environment variable or a private file, and write " +
  "env:NAME, file:PATH or keyring:SERVICE/ACCOUNT (or set allowLiteralSecrets: true)"

export function configFields({ resolvePath, allowLiteralSecrets, storeNames }: FieldContext) {
  const reference = (isPlain: (text: string) => boolean) =>
    z
      .string()
      .min(1)
      .superRefine((text, context) => {
        // told already
        if (text === "") return
        const mistake = SecretReference.mistakeIn(text)
        if (mistake !== undefined) return context.addIssue(mistake)
        const isLiteral = SecretReference.parse(text).kind === "literal"
        if (isLiteral && !allowLiteralSecrets && !isPlain(text)) context.addIssue(REFUSED)
      })
      .meta({
        description: "Where the secret is: env:NAME, file:PATH or keyring:SERVICE/ACCOUNT.",
        examples: ["env:CLIENT_SECRET", "file:/run/secrets/client-secret", "keyring:evertoken/billing"],
      })
      .transform((text) => SecretReference.parse(text, resolvePath))
  return {
    path: z
      .string()
      .min(1)
      .refine((path) => !path.includes("\0"), "must not hold a NUL character")
      .transform(resolvePath),

    secret: reference(() => false),

    /** A URL with a password is a secret, one without is none. */
    address: reference(isPlainUrl),

    storeName: z.string().superRefine((given, context) => {
      if (given === DEFAULT_STORE || storeNames.includes(given)) return
      const nearest = nearestName(given, [DEFAULT_STORE, ...storeNames])
      context.addIssue(`is not one of stores${nearest === undefined ? "" : `: did you mean \`${nearest}\`?`}`)
    }),
  }
}

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^(rediss?|postgres(ql)?):$/.test(protocol) && username + password + search + hash === ""
}
