// Scales of a chart: round marks on an axis, and the position of a value.

/**
 * About `count` round values that cover 0 and all of `values`, in order.
 * @param {number[]} values
 * @param {number} count
 */
export function marks(values, count) {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  if (low === high) return [0, 1];
  const rough = (high - low) / count;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/**
 * A function from the range of `from` to the range of `to`.
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @returns {(value: number) => number}
 */
export function linear([from, until], [start, end]) {
  const factor = (end - start) / (until - from || 1);
  return (value) => start + (value - from) * factor;
}
