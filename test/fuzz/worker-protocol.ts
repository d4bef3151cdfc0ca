import { z } from "zod"

/** What one worker is to do. */
export interface Task {
  /** Of the target. */
  readonly name: string
  readonly inputs: number
  /** Of its first batch; each batch adds the inputs before it. */
  readonly seed: number
  /** Where each input is written before it is checked: to know it when the process is gone. */
  readonly lastInputFile: string
}

const task = z.object({ name: z.string(), inputs: z.int(), seed: z.int(), lastInputFile: z.string() })
const message = z.object({
  done: z.int(),
  heapMegabytes: z.number(),
  finding: z.object({ target: z.string(), input: z.string(), problem: z.string(), seed: z.int() }).optional(),
})

/** After each batch. Inputs are in base64. */
export type WorkerMessage = z.infer<typeof message>

export function environmentOf(given: Task): NodeJS.ProcessEnv {
  return { FUZZ_TASK: JSON.stringify(given) }
}

export function taskOf(environment: NodeJS.ProcessEnv): Task {
  return task.parse(JSON.parse(environment["FUZZ_TASK"] ?? "null"))
}

export function messageOf(received: unknown): WorkerMessage {
  return message.parse(received)
}
