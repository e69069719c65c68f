/** The middle value; of an even number, the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** A number with `digits` significant digits, without an exponent and with thousands set apart. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.max(0, digits - 1 - magnitude);
  const rounded = Number(value.toPrecision(Math.max(digits, magnitude + 1)));
  return rounded.toLocaleString('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

/** `12.3 [11.9..14.0]`: the median, the least and the most. One value stands alone. */
export function withRange(values: readonly number[]): string {
  if (values.length < 2) return significant(median(values));
  const least = significant(Math.min(...values));
  const most = significant(Math.max(...values));
  return `${significant(median(values))} [${least}..${most}]`;
}
