import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import fc from "fast-check"
import { decodeContent } from "../../../packages/evertoken/src/limited-body.js"
import { anyBytes, damaged, join } from "../arbitraries.js"
import type { FuzzTarget } from "../fuzz-target.js"
import { promise } from "../promises.js"

const ENCODINGS = ["gzip", "deflate", "br", "x-gzip", "identity", "zstd", "__proto__", "gzip, gzip"] as const
const LARGEST = 1_000
const original = Buffer.alloc(3_000, "abc")
const compressed = [gzipSync(original), deflateSync(original), brotliCompressSync(original), gzipSync("abc")]

const content = fc.oneof(damaged(fc.constantFrom(...compressed.map((each) => new Uint8Array(each)))), anyBytes)

/** RFC 9110, section 8.4. The first byte chooses the encoding. */
export const contentEncoding: FuzzTarget = {
  name: "content-encoding",
  share: 20,
  inputs: fc.tuple(fc.nat(255), content).map(([first, rest]) => join(Uint8Array.of(first), rest)),
  check: (input) => {
    const encoding = ENCODINGS[(input[0] ?? 0) % ENCODINGS.length]
    const bytes = Buffer.from(input.slice(1))
    const decoded = decodeContent(bytes, encoding, LARGEST)
    const isBounded = decoded === undefined || decoded === bytes || decoded.byteLength <= LARGEST
    promise(isBounded, "no more comes out than is allowed")
  },
}
