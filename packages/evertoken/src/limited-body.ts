import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib"

/** What arrives, in whole; undefined once it is more than `maximumBytes`: then the rest is not read, nor kept. */
export async function readLimited(body: AsyncIterable<Uint8Array>, maximumBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > maximumBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

const DECODERS: ReadonlyMap<string, typeof gunzipSync> = new Map([
  ["gzip", gunzipSync],
  ["x-gzip", gunzipSync],
  ["deflate", inflateSync],
  ["br", brotliDecompressSync],
])

/**
 * Undoes a `content-encoding` (RFC 9110, section 8.4): none is asked for, but some proxies compress unasked.
 * @returns undefined if it is unknown, broken, or more than `maximumBytes` come out.
 */
export function decodeContent(bytes: Buffer, encoding: string | undefined, maximumBytes: number): Buffer | undefined {
  const name = encoding?.trim().toLowerCase() ?? ""
  if (name === "" || name === "identity") return bytes
  try {
    return DECODERS.get(name)?.(bytes, { maxOutputLength: maximumBytes })
  } catch {
    return undefined
  }
}
