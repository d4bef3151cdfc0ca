import { z } from "zod"
import { configFields } from "./config-fields.js"
import { configSchema } from "./config.js"

/**
 * The JSON schema (draft 2020-12) of `evertoken.yaml`, by which editors complete and check it. What depends on several fields
 * at once is checked when the file is read, and not by this.
 */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  const fields = configFields({ resolvePath: (path) => path, allowLiteralSecrets: true, storeNames: [] })
  const title = "evertoken.yaml"
  const description = "The configuration of the evertoken server: which tokens it keeps, and where."
  return z.toJSONSchema(configSchema(fields).meta({ title, description }), { io: "input" })
}
