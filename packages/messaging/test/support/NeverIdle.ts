/** Keeps the event loop at work for longer than the time over which it is found out how busy it is. */
export const neverIdle = (): void => {
  const until = performance.now() + 300
  while (performance.now() < until);
}
