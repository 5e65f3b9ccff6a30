/**
 * An object exactly of the SDK's own type: one that lacks a key does not compile, nor does one with a key that this version of the API
 * does not have any more. The second is more than `satisfies` sees in an object put together of several.
 */
export const whole =
  <Whole extends object>() =>
  <Built extends Whole>(built: Built & Readonly<Record<Exclude<keyof Built, keyof Whole>, never>>): Whole => built
