/** Adds up seconds of wall-clock while it runs. */
export interface Stopwatch {
  start(): void;
  stop(): void;
  seconds(): number;
}

export function stopwatch(from: number): Stopwatch {
  let before = from;
  let began: number | undefined;
  const running = () => (began === undefined ? 0 : (performance.now() - began) / 1000);
  return {
    start() {
      began ??= performance.now();
    },
    stop() {
      before += running();
      began = undefined;
    },
    seconds: () => before + running(),
  };
}
