import { BROKEN, granted, head, LATE, type HostileCase } from "../hostile-case.js"

const GIGABYTE = String(2 ** 30)

/** An issuer that never comes to an end. */
export const stalls: readonly HostileCase[] = [
  {
    title: "takes the connection and reads nothing",
    play: () => {},
    ends: LATE,
    stalls: true,
  },
  {
    title: "takes the request and never answers",
    play: (peer) => peer.asked,
    ends: LATE,
    stalls: true,
  },
  {
    title: "answers a byte at a time, headers first",
    play: async (peer) => {
      await peer.asked
      await peer.drip(`${head({ "content-length": GIGABYTE })}${granted()}`, 20)
    },
    ends: LATE,
    stalls: true,
  },
  {
    title: "gives the headers, and then the body a byte at a time",
    play: async (peer) => {
      await peer.asked
      await peer.write(head({ "content-length": GIGABYTE }))
      await peer.drip(" ", 20)
    },
    ends: LATE,
    stalls: true,
  },
  {
    title: "begins a header that never ends",
    play: async (peer) => {
      await peer.asked
      await peer.write("HTTP/1.1 200 OK\r\nx-endless: ")
      await peer.drip("x", 20)
    },
    ends: LATE,
    stalls: true,
  },
  {
    title: "gives half a token and keeps the other half",
    play: async (peer) => {
      await peer.asked
      await peer.write(`${head({ "content-length": "200" })}${granted().slice(0, 40)}`)
      await peer.closed
    },
    ends: LATE,
    stalls: true,
  },
  {
    title: "promises 1 GB and sends nothing of it",
    play: async (peer) => {
      await peer.asked
      await peer.write(head({ "content-length": GIGABYTE }))
      await peer.closed
    },
    ends: LATE,
    stalls: true,
  },
  {
    title: "gives a whole token in chunks and never the last chunk",
    play: async (peer) => {
      await peer.asked
      const body = granted()
      await peer.write(`${head({ "transfer-encoding": "chunked" })}${body.length.toString(16)}\r\n${body}\r\n`)
      await peer.closed
    },
    ends: LATE,
    stalls: true,
  },
  {
    title: "floods with interim answers (103) and never the final one",
    play: async (peer) => {
      await peer.asked
      await peer.flood("HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n".repeat(50))
    },
    ends: LATE,
    stalls: true,
  },
  {
    title: "shuts its side of the connection down without an answer, and goes on reading",
    play: async (peer) => {
      await peer.asked
      peer.end()
      await peer.closed
    },
    ends: BROKEN,
  },
  {
    title: "shuts its side down in the middle of the body",
    play: async (peer) => {
      await peer.asked
      peer.end(`${head({ "content-length": "200" })}${granted().slice(0, 40)}`)
      await peer.closed
    },
    ends: BROKEN,
  },
]
