import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { decodeContent, readLimited } from "./limited-body.js"

describe("readLimited", () => {
  it("gives what arrives in whole, up to the limit", async () => {
    const { body } = chunks(["ab", "cd"])
    expect((await readLimited(body, 4))?.toString()).toBe("abcd")
  })

  it("stops reading at the first byte above the limit, and lets go of the rest", async () => {
    const { body, state } = chunks(["ab", "cd", "ef", "gh"])
    expect(await readLimited(body, 3)).toBeUndefined()
    expect(state).toEqual({ taken: 2, released: true })
  })
})

describe("decodeContent", () => {
  it.each([
    ["gzip", gzipSync("hello")],
    ["X-GZIP", gzipSync("hello")],
    ["deflate", deflateSync("hello")],
    ["br", brotliCompressSync("hello")],
    ["identity", Buffer.from("hello")],
    [undefined, Buffer.from("hello")],
  ])("undoes %s", (encoding, bytes) => {
    expect(decodeContent(bytes, encoding, 5)?.toString()).toBe("hello")
  })

  it.each([
    ["more than the limit comes out", "gzip", gzipSync("hello!"), 5],
    ["the encoding is unknown", "zstd", Buffer.from("hello"), 5],
    ["the bytes are broken", "gzip", Buffer.from("hello"), 5],
  ])("gives nothing if %s", (_, encoding, bytes, maximumBytes) => {
    expect(decodeContent(bytes, encoding, maximumBytes)).toBeUndefined()
  })
})

function chunks(texts: readonly string[]) {
  const state = { taken: 0, released: false }
  async function* parts() {
    try {
      for (const text of texts) {
        state.taken += 1
        yield Buffer.from(text)
      }
    } finally {
      state.released = true
    }
  }
  return { body: parts(), state }
}
