import type { RedisSubscriber, SubscriberEvents } from "./redis-connection.js"

export interface ChannelListener {
  readonly onTold: (message: string) => void
  /** Something may have been told that was not heard. */
  readonly onMissed: () => void
}

export interface RedisChannelsOptions {
  readonly open: (events: SubscriberEvents) => RedisSubscriber
  /** Called with what hinders a subscription. */
  readonly onRefused: (error: unknown) => void
}

/** One connection for all who listen, open only while somebody does. */
export class RedisChannels {
  readonly #options: RedisChannelsOptions
  readonly #listeners = new Map<string, Set<ChannelListener>>()
  readonly #subscribed = new Set<string>()
  #subscriber: RedisSubscriber | undefined

  constructor(options: RedisChannelsOptions) {
    this.#options = options
  }

  listen(channel: string, listener: ChannelListener): { readonly mend: () => void; readonly stop: () => void } {
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    this.#subscribe(channel)
    return { mend: () => this.#subscribe(channel), stop: () => this.#leave(channel, listener) }
  }

  /** Subscribes where that was not possible before. */
  #subscribe(channel: string): void {
    if (this.#subscriber?.ended) this.#close()
    if (this.#subscribed.has(channel)) return
    try {
      this.#subscriber ??= this.#options.open({
        onMessage: (told, message) => {
          for (const listener of this.#listeners.get(told) ?? []) listener.onTold(message)
        },
        onReady: () => {
          for (const missed of this.#subscribed) this.#tellMissed(missed)
        },
      })
      void this.#subscribeBy(this.#subscriber, channel)
    } catch (error) {
      this.#options.onRefused(error)
    }
  }

  async #subscribeBy(subscriber: RedisSubscriber, channel: string): Promise<void> {
    this.#subscribed.add(channel)
    try {
      await subscriber.subscribe(channel)
      this.#tellMissed(channel)
    } catch (error) {
      if (this.#subscriber !== subscriber) return // closed meanwhile
      this.#subscribed.delete(channel)
      this.#options.onRefused(error)
    }
  }

  #tellMissed(channel: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener.onMissed()
  }

  #leave(channel: string, listener: ChannelListener): void {
    const listeners = this.#listeners.get(channel)
    if (!listeners?.delete(listener) || listeners.size > 0) return
    this.#listeners.delete(channel)
    this.#subscribed.delete(channel)
    if (this.#listeners.size === 0) this.#close()
    else void this.#subscriber?.unsubscribe(channel).catch(() => undefined)
  }

  #close(): void {
    this.#subscribed.clear()
    this.#subscriber?.close()
    this.#subscriber = undefined
  }
}
