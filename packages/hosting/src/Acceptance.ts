/**
 * Whether an `Accept` header lets JSON through. The most specific range that holds it decides, and a range of weight 0
 * rules out. Source: RFC 9110, §12.4.2 and §12.5.1.
 */
export const acceptsJson = (accept: string | undefined): boolean => {
  if (accept === undefined || accept.trim() === "") return true
  const weights = new Map(accept.toLowerCase().split(",").map(weighed))
  const decisive = ["application/json", "application/*", "*/*"].find((range) => weights.has(range))
  return decisive !== undefined && weights.get(decisive) !== 0
}

const weighed = (range: string): readonly [string, number] => {
  const [name = "", ...parameters] = range.split(";").map((part) => part.trim())
  const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2)
  return [name, weight === undefined ? 1 : Number(weight)]
}
