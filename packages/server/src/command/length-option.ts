import { InvalidArgumentError } from "commander"
import { lengthOfTime } from "../http/length-of-time.js"

/** The value of an option that is a length of time; in milliseconds. */
export function lengthOption(text: string): number {
  const { data } = lengthOfTime.safeParse(text)
  if (data === undefined) throw new InvalidArgumentError("It must be a number and a unit, such as 60s or 5m.")
  return data
}
