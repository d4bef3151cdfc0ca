import { inspect } from "node:util"
import { type Token } from "evertoken"
import { VirtualClock } from "evertoken/testing"
import { toMs } from "../format/duration.js"
import type { Given, ProcessOptions } from "../format/given.js"
import type { OpenStore, StoreUnderTest } from "../stores/store-under-test.js"
import { EventRecord } from "./event-record.js"
import { Operation } from "./operation.js"
import { ProcessCache } from "./process-cache.js"
import { ProcessLife } from "./process-life.js"
import { processSource } from "./process-source.js"
import { secretOf } from "./secret-names.js"
import { SimulatedIssuer } from "./simulated-issuer.js"
import { SimulatedProcess } from "./simulated-process.js"
import { StoreFaults } from "./store-faults.js"

/** Everything that a scenario is played with: one clock, one issuer, one store, and the processes on them. */
export class Stage implements AsyncDisposable {
  readonly clock: VirtualClock
  readonly issuer: SimulatedIssuer
  readonly store: OpenStore
  readonly events = new EventRecord()
  readonly faults = new StoreFaults()
  readonly operations = new Map<string, Operation>()
  /** Everything that was shown to somebody. */
  readonly shown: string[] = []
  readonly #given: Given
  readonly #processes = new Map<string, SimulatedProcess>()
  readonly #retired: SimulatedProcess[] = []
  readonly #refreshTokens = new Map<string, string>()
  readonly #tokens = new Map<string, Token>()
  readonly #endFollowing = ProcessLife.followSteps()
  #starts = 0

  private constructor(given: Given, clock: VirtualClock, store: OpenStore) {
    this.#given = given
    this.clock = clock
    this.store = store
    this.issuer = new SimulatedIssuer(clock, given.issuer ?? {}, { rotates: given.source === "refresh token" })
  }

  static async open(given: Given, store: StoreUnderTest): Promise<Stage> {
    const clock = new VirtualClock({ settle: () => store.settle() })
    const stage = new Stage(given, clock, await store.open(clock))
    await stage.#setStage()
    return stage
  }

  /** Undefined `name`: the first one. @throws Error for a name that is not in the scenario's `given`. */
  process(name?: string): SimulatedProcess {
    const found = name === undefined ? [...this.#processes.values()][0] : this.#processes.get(name)
    if (found === undefined) throw new Error(`there is no process "${name}": given.processes must name it`)
    return found
  }

  /** All that have ever been, dead ones too. */
  get allProcesses(): readonly SimulatedProcess[] {
    return [...this.#processes.values(), ...this.#retired]
  }

  /** A new process in the place of the one of this name; that is killed, if it lives. */
  async restart(name: string): Promise<void> {
    const before = this.process(name)
    await before.kill()
    this.#retired.push(before)
    this.#processes.set(name, this.#newProcess(name))
  }

  /** A person signs in, and the process is restarted with what came of it. */
  async signIn(name: string): Promise<void> {
    this.#refreshTokens.set(this.#userOf(name), this.issuer.grants.signIn())
    await this.restart(name)
  }

  /** Calls from inside a process, each with a signal of its own. */
  begin(name: string, call: (signal: AbortSignal) => Promise<unknown>, times = 1): Operation {
    const { life } = this.process(name)
    const aborts = Array.from({ length: times }, () => new AbortController())
    const calls = aborts.map(({ signal }) => life.run(() => call(signal)))
    return new Operation(calls, () => {
      for (const abort of aborts) abort.abort()
    })
  }

  /** Lets as much time pass as the operation needs, at most `withinMs`. */
  async waitFor(operation: Operation, withinMs: number): Promise<void> {
    const until = this.clock.monotonic() + withinMs
    await this.clock.advance(0)
    while (operation.isPending) {
      const { nextTimerInMs } = this.clock
      if (nextTimerInMs === undefined || this.clock.monotonic() + nextTimerInMs > until) return
      await this.clock.advance(nextTimerInMs)
    }
  }

  /** Remembers a token by its name, to be named again. */
  note(token: Token): void {
    this.#tokens.set(token.accessToken, token)
    this.show(`a token: ${inspect(token)} ${JSON.stringify(token)} ${token.toString()}`)
  }

  show(text: string): void {
    this.shown.push(text)
  }

  /** @throws Error if nobody was given it yet. */
  token(name: string): Token {
    const token = this.#tokens.get(secretOf(name))
    if (token === undefined) throw new Error(`nobody was given the token "${name}" yet`)
    return token
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { life } of this.allProcesses) life.kill()
    this.#endFollowing()
    this.events.end()
    await this.clock.advance(0)
    await this.store[Symbol.asyncDispose]()
  }

  /** The state that the scenario begins with, by an earlier process that has ended well. */
  async #setStage(): Promise<void> {
    const { processes = { A: {} }, token = "none" } = this.#given
    const names = Object.keys(processes)
    for (const name of names) this.#configure(name)
    const [first] = names
    if (token !== "none" && first !== undefined) await this.#leaveToken(first, AGES[token])
    for (const name of names) this.#processes.set(name, this.#newProcess(name))
    this.issuer.beginCounting()
    this.events.beginCounting()
  }

  /** Each user has signed in once; processes of the same user share what came of it. */
  #configure(name: string): void {
    const isUser = this.#given.source === "refresh token" || this.#given.source === "kept refresh token"
    const user = this.#userOf(name)
    if (isUser && !this.#refreshTokens.has(user)) this.#refreshTokens.set(user, this.issuer.grants.signIn())
  }

  async #leaveToken(name: string, age: number): Promise<void> {
    const earlier = this.#newProcess(name)
    const operation = new Operation([earlier.tokens.getToken()])
    await this.waitFor(operation, 60_000)
    const [ending] = operation.endings
    if (ending?.token === undefined) throw new Error("the token of the scenario's beginning could not be got")
    this.note(ending.token)
    const closing = new Operation([earlier.close()])
    await this.waitFor(closing, 60_000)
    const { issuedAt, expiresAt } = ending.token
    await this.clock.advance(issuedAt + (expiresAt - issuedAt) * age - this.clock.now())
  }

  #newProcess(name: string): SimulatedProcess {
    const options = this.#optionsOf(name)
    const life = new ProcessLife(this.clock)
    const cache = new ProcessCache(this.store.connect(life.clock), { process: name, life, faults: this.faults })
    const refreshToken = this.#refreshTokens.get(this.#userOf(name))
    const source = processSource({ given: this.#given, process: options, life, issuer: this.issuer, refreshToken })
    return new SimulatedProcess({ name, options, life, source, cache, seed: options.seed ?? 1_000 * ++this.#starts })
  }

  #optionsOf(name: string): ProcessOptions {
    return this.#given.processes?.[name] ?? {}
  }

  #userOf(name: string): string {
    return this.#optionsOf(name).user ?? "alice"
  }
}

/** How much of its lifetime has passed. */
const AGES = { fresh: 0.1, stale: 0.8, "nearly expired": 0.97, expired: 1.1 } as const

/** The time that an operation may take if the scenario does not say it. */
export const USUAL_PATIENCE_MS = toMs("1 min")
