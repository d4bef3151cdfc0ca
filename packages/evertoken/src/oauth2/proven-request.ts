import { TokenError } from "../errors.js"
import type { ProofOfPossession } from "../proof-of-possession.js"
import type { IssuerAnswer } from "./issuer-client.js"
import { jsonObjectOf } from "./json-object.js"

/**
 * Sends a request with a proof of possession, and once more if the answer is nothing but the nonce that was missing: it
 * was not processed then (RFC 9449, section 8), so that whatever works once is unspent.
 */
export async function sendProven<T extends { readonly answer: IssuerAnswer }>(
  dpop: ProofOfPossession,
  url: string,
  send: (headers: { readonly dpop: string }) => Promise<T>,
): Promise<T> {
  const proven = async () => {
    const sent = await send({ dpop: await proofOf(dpop, url) })
    const nonce = sent.answer.header("dpop-nonce")
    if (nonce !== undefined) dpop.noteNonce(url, nonce)
    return { sent, nonce }
  }
  const first = await proven()
  if (first.nonce === undefined || !wantsNonce(first.sent.answer)) return first.sent
  return (await proven()).sent
}

async function proofOf(dpop: ProofOfPossession, url: string): Promise<string> {
  try {
    return await dpop.proof({ method: "POST", url })
  } catch {
    const message = "nothing was sent to the issuer: the proof of possession could not be signed"
    throw new TokenError("ERR_TOKEN_REQUEST", message, { transient: false })
  }
}

function wantsNonce({ status, text }: IssuerAnswer): boolean {
  return status === 400 && jsonObjectOf(text)?.["error"] === "use_dpop_nonce"
}
