export type { AzureAccessToken, AzureCredential, AzureTokenOptions } from "./azure-credential.js"
export { azureCredential, type AzureTokenSource } from "./azure-credential-from.js"
export { tokenSourceFromAzure, type TokenSourceFromAzureOptions } from "./token-source-from-azure.js"
