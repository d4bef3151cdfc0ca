import { CachedTokenSource, TokenWatcher } from "evertoken"
import { FileTokenCache } from "evertoken/file"
import { createFetch } from "evertoken/http"
import { ClientCredentialsSource } from "evertoken/oauth2"
import scenario from "./scenario.cjs"

await scenario({ CachedTokenSource, TokenWatcher, FileTokenCache, createFetch, ClientCredentialsSource })
