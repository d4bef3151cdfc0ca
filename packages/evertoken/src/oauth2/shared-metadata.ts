import type { Clock } from "../clock.js"
import { IssuerMetadata, type IssuerMetadataOptions } from "./issuer-metadata.js"

// of issuers that many sources ask; each source holds its own
const MOST_KNOWN = 100

/** By what connects, and by the clock that says how old they are. */
const known = new WeakMap<object, WeakMap<Clock, Map<string, IssuerMetadata>>>()

/**
 * An issuer's metadata: the same for all sources that reach it in the same way, as those of a pool do, so that it is asked
 * for once, and not once more by each of them.
 */
export function sharedMetadata(issuer: URL, connector: object, options: IssuerMetadataOptions): IssuerMetadata {
  const { client, clock, endpoint, mutualTls } = options
  const byClock = entryOf(known, connector, () => new WeakMap<Clock, Map<string, IssuerMetadata>>())
  const ofClock = entryOf(byClock, clock, () => new Map<string, IssuerMetadata>())
  const what = JSON.stringify([issuer.href, endpoint, mutualTls, client.limits])
  const metadata = ofClock.get(what) ?? new IssuerMetadata(issuer, options)
  // the last one used stands last
  ofClock.delete(what)
  ofClock.set(what, metadata)
  const [oldest] = ofClock.keys()
  if (ofClock.size > MOST_KNOWN && oldest !== undefined) ofClock.delete(oldest)
  return metadata
}

function entryOf<K extends object, V>(map: WeakMap<K, V>, key: K, create: () => V): V {
  const entry = map.get(key) ?? create()
  map.set(key, entry)
  return entry
}
