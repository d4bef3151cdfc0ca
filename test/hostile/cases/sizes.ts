import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib"
import { CANARIES } from "../canaries.js"
import { answer, answering, granted, head, refused, UNUSABLE, type HostileCase } from "../hostile-case.js"

const MEGABYTE = 2 ** 20
const CHUNK = `10000\r\n${"x".repeat(65_536)}\r\n`
const page = (bytes: number) => CANARIES.page.padEnd(bytes, "x")

/** Made when it is first needed, and once. */
function once(make: () => Buffer): () => Buffer {
  let made: Buffer | undefined
  return () => (made ??= make())
}

const nothing = (megabytes: number) => Buffer.alloc(megabytes * MEGABYTE)
const gzipBomb = once(() => {
  const member = gzipSync(nothing(64))
  return Buffer.concat(Array.from({ length: 15 }, () => member))
})
const brotliBomb = once(() => {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 24 }
  return brotliCompressSync(nothing(256), { params })
})
const deflateBomb = once(() => deflateSync(nothing(64)))

/** An issuer whose answers are larger than anyone needs. */
export const sizes: readonly HostileCase[] = [
  {
    title: "sends a body without a length and without an end",
    play: async (peer) => {
      await peer.asked
      await peer.write(head({}))
      await peer.flood(page(65_536))
    },
    ends: UNUSABLE,
  },
  {
    title: "sends chunks without an end",
    play: async (peer) => {
      await peer.asked
      await peer.write(head({ "transfer-encoding": "chunked" }))
      await peer.flood(CHUNK)
    },
    ends: UNUSABLE,
  },
  {
    title: "promises 1 GB and sends it",
    play: async (peer) => {
      await peer.asked
      await peer.write(head({ "content-length": String(2 ** 30) }))
      await peer.flood(page(65_536))
    },
    ends: UNUSABLE,
  },
  {
    title: "sends a server error without an end",
    play: async (peer) => {
      await peer.asked
      await peer.write(head({}, "503 Service Unavailable"))
      await peer.flood(page(65_536))
    },
    ends: refused(503),
  },
  {
    title: "sends a refusal without an end: nobody knows what it says, so no refresh token is given up for it",
    play: async (peer) => {
      await peer.asked
      await peer.write(head({}, "400 Bad Request"))
      await peer.flood(page(65_536))
    },
    ends: refused(400),
  },
  {
    title: "sends a bomb of gzip: 1 GB from 1 MB",
    play: answering(() => answer(gzipBomb(), { "content-encoding": "gzip" })),
    ends: UNUSABLE,
  },
  {
    title: "sends a bomb of brotli: 256 MB from some bytes",
    play: answering(() => answer(brotliBomb(), { "content-encoding": "br" })),
    ends: UNUSABLE,
  },
  {
    title: "sends a bomb of deflate: 64 MB from 64 kB",
    play: answering(() => answer(deflateBomb(), { "content-encoding": "deflate" })),
    ends: UNUSABLE,
  },
  {
    title: "sends a token of 10 MB",
    play: answering(() => answer(granted({ access_token: "x".repeat(10 * MEGABYTE) }))),
    ends: UNUSABLE,
  },
  {
    title: "sends a token of 100 kB",
    play: answering(() => answer(granted({ access_token: "x".repeat(100_000) }))),
    ends: "a token",
  },
  {
    title: "nests arrays 400,000 deep",
    play: answering(() => answer("[".repeat(400_000) + "]".repeat(400_000))),
    ends: UNUSABLE,
  },
  {
    title: "nests objects 100,000 deep beside a token",
    play: answering(() => {
      const nested = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`
      return answer(`${granted().slice(0, -1)},"deep":${nested}}`)
    }),
    ends: "a token",
  },
  {
    title: "opens arrays and closes none",
    play: answering(() => answer("[".repeat(1_000_000))),
    ends: UNUSABLE,
  },
  {
    title: "gives a lifetime of a million digits",
    play: answering(() => answer(`${granted().slice(0, -1)},"expires_in":${"9".repeat(1_000_000)}}`)),
    ends: "a token",
  },
  {
    title: "gives 50,000 members",
    play: answering(() => {
      const members = Array.from({ length: 50_000 }, (_, i) => `"k${i}":1`)
      return answer(`${granted().slice(0, -1)},${members.join()}}`)
    }),
    ends: "a token",
  },
  {
    title: "describes its refusal in a million characters",
    play: answering(() => {
      const body = JSON.stringify({
        error: "invalid_scope",
        error_description: CANARIES.clientSecret.slice(0, 11).repeat(90_000),
      })
      return answer(body, {}, "400 Bad Request")
    }),
    ends: refused(400, "invalid_scope"),
  },
]
