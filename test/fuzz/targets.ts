import type { FuzzTarget } from "./fuzz-target.js"
import { claimOwner, fileNames } from "./targets/claim-owner.js"
import { contentEncoding } from "./targets/content-encoding.js"
import { fileCache } from "./targets/file-cache.js"
import { issuerAnswer, issuerMetadata } from "./targets/issuer-answer.js"
import { responseError, retryAfter } from "./targets/response-error.js"
import { sealedRecord } from "./targets/sealed-record.js"
import { serializedToken, storedRecord, tokenText } from "./targets/stored-record.js"
import { tokenResponse } from "./targets/token-response.js"

/** Everything that reads what others write. */
export const TARGETS: readonly FuzzTarget[] = [
  tokenResponse,
  responseError,
  retryAfter,
  issuerAnswer,
  issuerMetadata,
  contentEncoding,
  storedRecord,
  sealedRecord,
  tokenText,
  serializedToken,
  claimOwner,
  fileNames,
  fileCache,
]
