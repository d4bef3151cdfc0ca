import { BROKEN, granted, head, UNUSABLE, type Ending, type HostileCase } from "../hostile-case.js"

const UNKNOWN: Ending = { code: "ERR_TOKEN_REQUEST", transient: true, ambiguous: "perhaps" }

function resettingAfter(title: string, text: string): HostileCase {
  return {
    title: `resets the connection ${title}`,
    play: async (peer) => {
      await peer.asked
      peer.reset(text)
    },
    ends: BROKEN,
  }
}

const body = granted()
const sized = head({ "content-length": String(body.length) })
const chunked = `${head({ "transfer-encoding": "chunked" })}${body.length.toString(16)}\r\n`

/** A connection that is reset, phase by phase. */
export const resets: readonly HostileCase[] = [
  { title: "resets the connection at once", play: (peer) => peer.reset(), ends: UNKNOWN },
  {
    title: "resets the connection when the request begins",
    play: async (peer) => {
      await peer.begun
      peer.reset()
    },
    ends: BROKEN,
  },
  {
    title: "resets the connection after the request",
    play: async (peer) => {
      await peer.asked
      peer.reset()
    },
    ends: BROKEN,
  },
  resettingAfter("within the status line", "HTTP/1.1 20"),
  resettingAfter("after the status line", "HTTP/1.1 200 OK\r\n"),
  resettingAfter("within a header", "HTTP/1.1 200 OK\r\ncontent-le"),
  resettingAfter("after the headers", sized),
  resettingAfter("within the body", sized + body.slice(0, 30)),
  resettingAfter("one byte before the end of the body", sized + body.slice(0, -1)),
  resettingAfter("within the length of a chunk", head({ "transfer-encoding": "chunked" }) + "3"),
  resettingAfter("within a chunk", chunked + body.slice(0, 30)),
  resettingAfter("after a whole chunk", `${chunked}${body}\r\n`),
  resettingAfter("within the last chunk", `${chunked}${body}\r\n0\r\n`),
  resettingAfter("after an interim answer", "HTTP/1.1 103 Early Hints\r\n\r\n"),
  // such a body ends where the connection does: what has come is the answer
  { ...resettingAfter("after a body without a length", head({}) + body), ends: "a token" },
  { ...resettingAfter("within a body without a length", head({}) + body.slice(0, 30)), ends: UNUSABLE },
]
