const { CachedTokenSource, TokenWatcher } = require("evertoken")
const { FileTokenCache } = require("evertoken/file")
const { createFetch } = require("evertoken/http")
const { ClientCredentialsSource } = require("evertoken/oauth2")
const scenario = require("./scenario.cjs")

void scenario({ CachedTokenSource, TokenWatcher, FileTokenCache, createFetch, ClientCredentialsSource })
